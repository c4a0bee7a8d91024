// Runs a command with the tools this project needs: Node 24 and uv.
// It is plain JavaScript that Node 18 and newer can run, because its job is to bring Node 24
// where the machine has an older one. Nothing is installed outside the git-ignored .cache folder.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { installFromPyPI, installOnce, projectRoot, run, runs } from "./cached-tools.mjs";

/** The Node that GitHub's runner 2.336 ships for `using: node24`: tests run on what users get. */
const NODE_VERSION = "24.19.0";
const UV_VERSION = "0.13.9";

const windows = process.platform === "win32";

function nodeFolder() {
  if (Number(process.versions.node.split(".")[0]) >= 24) return undefined;
  const packageName = `node-${windows ? "win" : process.platform}-${process.arch}`;
  const options = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund"];
  const folder = installOnce(`node-${NODE_VERSION}`, (staging) =>
    run("npm", ["install", ...options, "--prefix", staging, `${packageName}@${NODE_VERSION}`], {
      what: `Installing Node ${NODE_VERSION} (this is Node ${process.versions.node})`,
    }),
  );
  return join(folder, "node_modules", packageName, "bin");
}

function uvFolder() {
  return runs("uv", ["--version"]) ? undefined : installFromPyPI("uv", UV_VERSION);
}

function main() {
  const folders = [nodeFolder(), uvFolder(), join(projectRoot, "node_modules", ".bin")].filter(
    (folder) => folder !== undefined,
  );
  const pathName = Object.keys(process.env).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
  const path = [...folders, process.env[pathName]].join(delimiter);
  const [command, ...args] = process.argv.slice(2);
  if (command === undefined) throw new Error("usage: node .ci/with-tools.mjs COMMAND [ARGUMENT ...]");
  const executable = windows ? "node.exe" : "node";
  const node = folders.map((folder) => join(folder, executable)).find(existsSync) ?? process.execPath;
  const child = spawn(command === "node" ? node : command, args, {
    stdio: "inherit",
    env: { ...process.env, [pathName]: path },
    shell: windows && command !== "node",
  });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`${command}: ${error.message}`);
    process.exitCode = 127;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === "SIGINT" ? 130 : 143);
  });
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
