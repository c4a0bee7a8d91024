// Runs a command with the tools this project needs: Node 24 and uv.
// It is plain JavaScript that Node 18 and newer can run, because its job is to bring Node 24
// where the machine has an older one. Nothing is installed outside the git-ignored .cache folder.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The Node that GitHub's runner 2.336 ships for `using: node24`: tests run on what users get. */
const NODE_VERSION = "24.19.0";
const UV_VERSION = "0.13.9";

const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(projectRoot, ".cache");
const windows = process.platform === "win32";
const executable = (name) => (windows ? `${name}.exe` : name);

function run(command, args, what) {
  const shell = windows && command === "npm";
  const result = spawnSync(command, args, { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8", shell });
  if (result.status === 0) return;
  const detail = (result.error?.message ?? result.stderr ?? "").trim();
  throw new Error(`${what} failed: ${command} ${args.join(" ")}\n${detail}`);
}

function runs(command, args) {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

/** Installs into a private folder and renames it into place, so that two runs at once cannot meet half a tool. */
function installOnce(folder, install) {
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

function nodeFolder() {
  if (Number(process.versions.node.split(".")[0]) >= 24) return undefined;
  const os = windows ? "win" : process.platform;
  const packageName = `node-${os}-${process.arch}`;
  const folder = installOnce(`node-${NODE_VERSION}`, (staging) =>
    run(
      "npm",
      [
        "install",
        "--no-save",
        "--no-package-lock",
        "--no-audit",
        "--no-fund",
        "--prefix",
        staging,
        `${packageName}@${NODE_VERSION}`,
      ],
      `Installing Node ${NODE_VERSION} (this is Node ${process.versions.node})`,
    ),
  );
  return join(folder, "node_modules", packageName, "bin");
}

function uvFolder() {
  if (runs("uv", ["--version"])) return undefined;
  const python = ["python3", "python"].find((name) => runs(name, ["-m", "pip", "--version"]));
  if (python === undefined) {
    throw new Error(
      "Neither uv nor a Python with pip is on PATH. Install uv (`pip install uv`) and run this again.",
    );
  }
  const folder = installOnce(`uv-${UV_VERSION}`, (staging) =>
    run(
      python,
      ["-m", "pip", "install", "--quiet", "--no-deps", "--target", staging, `uv==${UV_VERSION}`],
      `Installing uv ${UV_VERSION}`,
    ),
  );
  return join(folder, "bin");
}

function main() {
  const folders = [nodeFolder(), uvFolder(), join(projectRoot, "node_modules", ".bin")].filter(Boolean);
  const pathName = Object.keys(process.env).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
  const path = [...folders, process.env[pathName]].join(delimiter);
  const [command, ...args] = process.argv.slice(2);
  if (command === undefined) throw new Error("usage: node .ci/with-tools.mjs COMMAND [ARGUMENT ...]");
  const node = folders.map((folder) => join(folder, executable("node"))).find(existsSync) ?? process.execPath;
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
  console.error(error.message);
  process.exitCode = 1;
}
