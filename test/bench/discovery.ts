/** What discovery adds to starting the worker by hand, in the same folder and environment. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { unpackArtifact } from "../../src/artifact/unpack.ts";
import { discoverTasks, discoveryLimits } from "../../src/build/discover.ts";
import { packProject } from "../../src/build/pack-project.ts";
import { loadProject } from "../../src/project/load.ts";
import { createEndpoint } from "../../src/worker/endpoint.ts";
import { withoutSecrets } from "../../src/worker/environment.ts";
import { workerCommand } from "../../src/worker/start-worker.ts";
import { createWatchdog } from "../../src/worker/watchdog.ts";
import { createWorkerClient } from "../../src/worker/worker-client.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { createScratchProject } from "../support/scratch-project.ts";
import { measureInTurns, medianOfPairs, printTimes } from "./side-by-side.ts";

const rounds = 9;

/** Prints the difference; neither is timed while it ends, because what follows a discovery does not wait. Both are warm: uv has made the environment in the round that is not counted. */
export async function benchDiscovery(): Promise<void> {
  await using scratch = await createScratchFolder();
  await using checkout = await createScratchProject("tiles");
  const project = await loadProject(checkout.folder);
  const packed = await packProject(project, scratch.path);
  const { path } = await packed.writeArchive();
  const folder = join(scratch.path, "artifact");
  await unpackArtifact(createReadStream(path), folder, { digest: packed.digest });
  const watchdog = createWatchdog();
  const environment = withoutSecrets(process.env);
  const times = await measureInTurns(rounds, {
    "worker by hand, to its tasks": async () => {
      const startedAt = performance.now();
      using endpoint = await createEndpoint(watchdog);
      const [program, ...args] = workerCommand(project.entrypoint, true);
      const env = { ...environment, ...endpoint.variables };
      const child = spawn(program, args, { cwd: folder, env, stdio: "ignore", detached: true });
      using client = await createWorkerClient(endpoint);
      while ((await client.askForTasks(1_000)).kind !== "tasks") await delay(2);
      const tookMs = performance.now() - startedAt;
      process.kill(-(child.pid ?? 0), "SIGKILL");
      await once(child, "exit");
      return tookMs;
    },
    discovery: async () => {
      const startedAt = performance.now();
      const { ended } = await discoverTasks({
        project,
        folder,
        manifest: packed.manifest,
        environment: process.env,
        limits: discoveryLimits,
        watchdog,
        signal: new AbortController().signal,
        onProgress: () => {},
      });
      const tookMs = performance.now() - startedAt;
      await ended;
      return tookMs;
    },
  });
  printTimes(times);
  const more = medianOfPairs(times.discovery, times["worker by hand, to its tasks"], (a, b) => a - b);
  console.log(`  discovery takes ${more.toFixed(0)} ms more`);
}
