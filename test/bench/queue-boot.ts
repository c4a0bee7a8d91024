/** How long a control plane takes from the start of its process to the first call that it answers. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { TaskService } from "../../src/api/gen/workflows/v1/task_pb.ts";
import { freePort } from "../support/free-port.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { connectGrpc } from "./grpc-connection.ts";
import { measureInTurns, medianOfPairs, printTimes } from "./side-by-side.ts";
import { untilExit } from "./start.ts";

const rounds = 9;
const probeEveryMs = 1;
const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
/**
 * Temporal's development server on a new file took 143 ms to its first answer where an empty Node process
 * took 21 ms; machines differ, so what is compared is how many times an empty process each takes.
 */
const temporalRatio = 143 / 21;
const probe = `/${TaskService.typeName}/${TaskService.method.nextTask.name}`;

/** From the start of the process to an answered call, with a data folder that is not there yet. */
export async function printBoot(): Promise<void> {
  await using folder = await createScratchFolder();
  const times = await measureInTurns(rounds, {
    "empty node": () => untilExit(["-e", "0"]),
    "serve to its first answered call": () => untilServed(join(folder.path, randomUUID())),
  });
  console.log();
  printTimes(times);
  const ratio = medianOfPairs(
    times["serve to its first answered call"],
    times["empty node"],
    (ours, theirs) => ours / theirs,
  );
  console.log(
    `  ${ratio.toFixed(1)} times an empty process; Temporal's server takes ${temporalRatio.toFixed(1)} times`,
  );
  console.log(`  that is ${(ratio / temporalRatio).toFixed(2)} of Temporal's`);
}

/** The built command, as a user starts it. */
async function untilServed(dataFolder: string): Promise<number> {
  const port = await freePort();
  const startedMs = performance.now();
  const args = [cli, "serve", "--data", dataFolder, "--port", String(port), "--no-auth"];
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  const exited = once(child, "exit");
  while (!(await isAnswered(`http://127.0.0.1:${port}`))) await delay(probeEveryMs);
  const tookMs = performance.now() - startedMs;
  child.kill("SIGTERM");
  await exited;
  return tookMs;
}

async function isAnswered(url: string): Promise<boolean> {
  try {
    using connection = await connectGrpc(url);
    await connection.call(probe, new Uint8Array());
    return true;
  } catch {
    return false;
  }
}
