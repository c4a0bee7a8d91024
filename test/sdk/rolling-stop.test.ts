/**
 * Two control planes behind a balancer, one of which stops: a runner and a program of the official SDK go on at the
 * other one. The SDK's own patience is under a second (four repetitions of a call), so there is none to spend.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import { setTimeout as waitFor } from "node:timers/promises";
import { freePort } from "../support/free-port.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { ServeProcess } from "../support/serve-process.ts";
import { type SdkJob, startJobClient } from "./job-client.ts";

/** Gives each new connection to the first one that is ready, as balancers of connections do. */
async function startBalancer(targets: readonly ServeProcess[]) {
  const isReady = async ({ url }: ServeProcess) =>
    await fetch(`${url}/readyz`, { headers: { connection: "close" } }).then(
      ({ status }) => status === 200,
      () => false,
    );
  const server = net.createServer(async (socket) => {
    socket.on("error", () => {});
    for (const target of targets) {
      if (!(await isReady(target))) continue;
      const through = net.connect(Number(new URL(target.url).port), "127.0.0.1");
      through.on("error", () => socket.destroy());
      socket.pipe(through).pipe(socket);
      socket.once("close", () => through.destroy());
      return;
    }
    socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return { url: `http://127.0.0.1:${address.port}`, [Symbol.dispose]: () => void server.close() };
}

test("the Python SDK goes on at another control plane when the one it talks to stops", async () => {
  await using folder = await createScratchFolder();
  using postgres = await startPostgres({ durable: false });
  const database = await postgres.createDatabase("rolling");
  const serve = async (name: string) =>
    ServeProcess.start(
      ["--data", `${folder.path}/${name}`, "--database", database, "--drain-seconds", "1"],
      await freePort(),
    );
  await using first = await serve("first");
  await using second = await serve("second");
  using balancer = await startBalancer([first, second]);
  await using program = await startJobClient({ url: balancer.url, transport: "grpc" });
  await using runner = await startJobClient({ url: balancer.url, transport: "grpc" });
  await runner.runForever();
  const isDone = async (job: SdkJob) => {
    while ((await program.find(job)).state !== "COMPLETED") await waitFor(50);
  };
  const leaf = ["Leaf", { name: "leaf" }] as const;
  await isDone(await program.submit([leaf]));
  const across = await program.submit(Array.from({ length: 200 }, () => leaf));
  first.stop();
  await isDone(across);
  assert.deepEqual(await first.ended(), [0, null]);
  await isDone(await program.submit([leaf]));
  const { execution_stats: stats } = await program.find(across);
  assert.deepEqual(stats.tasks_by_state, { "TaskState.COMPUTED": 200 });
});
