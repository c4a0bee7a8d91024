import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { describe, test } from "node:test";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { type Cluster, WorkflowsService } from "../../src/api/gen/workflows/v1/workflows_pb.ts";
import { idToBytes, type ReleaseId } from "../../src/engine/id.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { addCluster, addWorkflow, publish } from "../store/samples.ts";
import { startControlPlaneProcess } from "../support/control-plane-process.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { type Call, isLinearizable } from "./linearizability.ts";

const runs = 10;
const clients = 16;
const callsPerClient = 8;

describe("the checker", () => {
  const call = (
    kind: Call["kind"],
    release: Call["release"],
    answered: Call["answered"],
    span: string,
  ): Call => {
    const [calledMs = 0, answeredMs = 0] = span.split("-").map(Number);
    return { kind, release, answered, calledMs, answeredMs };
  };

  test("accepts what has an order, also where answers cross", () => {
    assert.ok(isLinearizable([], undefined));
    const crossing = [
      call("deploy", "a", "a", "0-10"),
      call("read", undefined, undefined, "1-3"),
      call("read", undefined, "a", "4-6"),
      call("deploy", "b", "b", "2-9"),
      call("undeploy", "a", "b", "8-12"),
    ];
    assert.ok(isLinearizable(crossing, undefined));
    // The second deploy of "a" changes nothing at its call, but explains the read.
    const again = [
      call("deploy", "a", "a", "0-9"),
      call("deploy", "b", "b", "1-9"),
      call("read", undefined, "b", "2-4"),
      call("read", undefined, "a", "5-9"),
    ];
    assert.ok(isLinearizable(again, "a"));
    const none = [call("undeploy", "a", undefined, "0-9"), call("deploy", "a", "a", "1-3")];
    assert.ok(isLinearizable([...none, call("read", undefined, undefined, "4-9")], undefined));
  });

  test("refuses a stale read, a lost write and an answer out of thin air", () => {
    const deployed = call("deploy", "a", "a", "0-1");
    assert.ok(!isLinearizable([deployed, call("read", undefined, undefined, "2-3")], undefined));
    assert.ok(!isLinearizable([deployed, call("undeploy", "b", undefined, "2-3")], undefined));
    assert.ok(!isLinearizable([call("read", undefined, "b", "0-9"), deployed], undefined));
    const backAndForth = [
      call("deploy", "b", "b", "0-9"),
      call("read", undefined, "b", "1-2"),
      call("read", undefined, "a", "3-4"),
    ];
    assert.ok(!isLinearizable(backAndForth, "a"));
  });
});

test(`${clients} clients that race deploy, undeploy and read on one cluster see one order`, async () => {
  await using folder = await createScratchFolder();
  const store = await openSqliteStore({
    dataFolder: folder.path,
    role: "server",
    clock: Date.now,
    random: randomBytes,
  });
  await addCluster(store, "shared");
  const workflow = await addWorkflow(store, "greetings");
  const releases: ReleaseId[] = [];
  for (let index = 0; index < clients / 2; index++) releases.push(await publish(store, workflow, `${index}`));
  await store.close();

  await using server = await startControlPlaneProcess(folder.path, "none");
  const connections = Array.from({ length: clients }, () =>
    createClient(WorkflowsService, createGrpcTransport({ baseUrl: server.url })),
  );
  const deployedOn = (cluster: Cluster | undefined) => {
    const release = cluster?.deployedReleases[0]?.releases[0];
    return release === undefined ? undefined : Buffer.from(release.id?.uuid ?? []).toString("hex");
  };
  const call = async (client: (typeof connections)[number]): Promise<Call> => {
    const kind = (["deploy", "deploy", "undeploy", "read"] as const)[randomInt(4)] ?? "read";
    const uuid = idToBytes(releases[randomInt(releases.length)] ?? assert.fail());
    const request = { workflowSlug: workflow, releaseId: { uuid }, clusterSlugs: ["shared"] };
    const calledMs = performance.now();
    const answered =
      kind === "read"
        ? await client.getCluster({ clusterSlug: "shared" })
        : kind === "deploy"
          ? (await client.deployWorkflowRelease(request)).clusters[0]
          : (await client.undeployWorkflowRelease(request)).clusters[0];
    return {
      kind,
      release: Buffer.from(uuid).toString("hex"),
      calledMs,
      answeredMs: performance.now(),
      answered: deployedOn(answered),
    };
  };

  for (let run = 0; run < runs; run++) {
    const before = deployedOn(await connections[0]?.getCluster({ clusterSlug: "shared" }));
    const calls = await Promise.all(
      connections.map(async (client) => {
        const own: Call[] = [];
        for (let index = 0; index < callsPerClient; index++) own.push(await call(client));
        return own;
      }),
    );
    assert.ok(isLinearizable(calls.flat(), before), `run ${run}: no order explains the answers`);
  }
});
