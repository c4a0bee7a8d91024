/** dist/index.js to its first log line against an empty Node script. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { measureInTurns, medianOfPairs, printTimes } from "./side-by-side.ts";

const rounds = 15;
const mainScript = fileURLToPath(new URL("../../dist/index.js", import.meta.url));

/** Prints the ratio. The empty script is measured to its exit, which is the least that can be said of a process. */
export async function benchStart(): Promise<void> {
  await using folder = await createScratchFolder();
  const empty = join(folder.path, "empty.mjs");
  writeFileSync(empty, "");
  const env = { ...process.env, RUNNER_TEMP: folder.path, GITHUB_WORKSPACE: folder.path };
  const times = await measureInTurns(rounds, {
    "empty node": () => untilExit([empty]),
    "dist/index.js to its first line": () => untilFirstLine([mainScript], env),
  });
  printTimes(times);
  const ratio = medianOfPairs(
    times["dist/index.js to its first line"],
    times["empty node"],
    (ours, theirs) => ours / theirs,
  );
  console.log(`  the first line takes ${ratio.toFixed(2)} times as long`);
}

/** Starts Node and waits for its end; returns how long that took. */
export async function untilExit(args: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  await once(spawn(process.execPath, args, { stdio: "ignore" }), "exit");
  return performance.now() - startedAt;
}

async function untilFirstLine(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"], env });
  const exited = once(child, "exit");
  await once(child.stdout, "data");
  const tookMs = performance.now() - startedAt;
  child.stdout.resume();
  await exited;
  return tookMs;
}
