import { hash } from "node:crypto";
import { readdirSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import type { Environment } from "../../worker/environment.ts";

/** What tells uv which Python to take, beside the files of the project. */
const choosingVariables = [
  "UV_PYTHON",
  "UV_PYTHON_PREFERENCE",
  "UV_PYTHON_DOWNLOADS",
  "UV_MANAGED_PYTHON",
  "UV_NO_MANAGED_PYTHON",
  "PYENV_VERSION",
];

const programNames = [
  "python3",
  "python",
  ...Array.from({ length: 14 }, (_, minor) => `python3.${minor + 8}`),
].flatMap((name) => (process.platform === "win32" ? [`${name}.exe`, `${name}.bat`] : [name]));

/**
 * Stands for the Python version in a cache key. Asking uv for the version costs more than a whole run that builds
 * nothing, so this is everything that uv chooses from: the interpreters on PATH, each with its size and time of
 * change, uv's own, and the variables that steer the choice. It changes whenever uv's choice can; the reverse need
 * not hold, and then a build is made that could have been spared.
 */
export function pythonIdentity(env: Environment): string {
  const onPath = (env.PATH ?? env.Path ?? "").split(delimiter).flatMap(interpretersIn);
  const managed = managedPythons(env);
  const steering = choosingVariables.map((name) => env[name] ?? "");
  // For people: the hash alone says only that something differs.
  const names = [...onPath.map(({ path }) => path), ...managed].join(" ");
  const label = /\d+\.\d+(?:\.\d+)?/.exec(names)?.[0] ?? "none";
  const all = JSON.stringify([onPath.map(({ path, state }) => [path, state]), managed, steering]);
  return `${label}#${hash("sha256", all).slice(0, 12)}`;
}

function interpretersIn(folder: string): { readonly path: string; readonly state: string }[] {
  if (folder === "") return [];
  return programNames.flatMap((name) => {
    const program = join(folder, name);
    const stats = statSync(program, { throwIfNoEntry: false });
    if (stats === undefined) return [];
    return [{ path: realpathSync(program), state: `${stats.size} ${Math.floor(stats.mtimeMs)}` }];
  });
}

function managedPythons(env: Environment): string[] {
  const dataFolder =
    process.platform === "win32"
      ? join(env.APPDATA ?? join(homedir(), "AppData", "Roaming"), "uv", "data")
      : join(env.XDG_DATA_HOME || join(homedir(), ".local", "share"), "uv");
  try {
    return readdirSync(env.UV_PYTHON_INSTALL_DIR || join(dataFolder, "python")).sort();
  } catch {
    return [];
  }
}
