/** The sample project `unruly`, released, and the effects of its tasks. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ReleaseToMake } from "./deployed-release.ts";

export const unruly: ReleaseToMake = {
  workflow: "unruly",
  entrypoint: { kind: "runner", objectPath: "unruly:runner" },
  tasks: ["Branch", "Forest", "Misbehave", "Nothing", "Note", "Summon", "Tree", "Wobbly"].map((name) => ({
    name: `unruly/${name}`,
    version: "v1.0",
  })),
};

export interface Effect {
  readonly kind: string;
  readonly label: string;
  readonly pid: number;
  readonly release: string;
}

/** What the tasks wrote so far, in that order. */
export async function readEffects(file: string): Promise<Effect[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [kind = "", label = "", pid = "", release = ""] = line.split(" ");
      return { kind, label, pid: Number(pid), release };
    });
}

export function effectsFile(folder: string): string {
  return join(folder, `${crypto.randomUUID()}.txt`);
}
