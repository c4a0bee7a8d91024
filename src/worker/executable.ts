import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import type { Environment } from "./environment.ts";

/**
 * Finds a program as a shell would: a name with a separator is taken from `folder`, any other is
 * looked up on PATH (on Windows with the endings of PATHEXT). Undefined when there is none.
 */
export async function findExecutable(
  name: string,
  folder: string,
  environment: Environment,
): Promise<string | undefined> {
  const windows = process.platform === "win32";
  const variable = (wanted: string) =>
    Object.entries(environment).find(([key]) => (windows ? key.toUpperCase() : key) === wanted)?.[1];
  const endings = windows ? ["", ...(variable("PATHEXT") ?? ".EXE;.CMD;.BAT;.COM").split(";")] : [""];
  const here = isAbsolute(name) || name.includes("/") || (windows && name.includes("\\"));
  const folders = here ? [""] : (variable("PATH") ?? "").split(delimiter).filter((entry) => entry !== "");
  for (const entry of folders) {
    for (const ending of endings) {
      const path = here ? resolve(folder, name + ending) : join(entry, name + ending);
      if (await isExecutable(path)) return path;
    }
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
