import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { trustEveryone } from "../../src/server/auth.ts";
import { createServerFigures } from "../../src/server/figures.ts";
import { startListener } from "../../src/server/listener.ts";
import { connectionLimits } from "../../src/server/protocol-servers.ts";
import { createRequestHandler } from "../../src/server/request-handler.ts";
import { createRoutes } from "../../src/server/routes.ts";
import { createWorkflowsService } from "../../src/server/services/workflows.ts";
import type { Store } from "../../src/store/port.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { startControlPlaneProcess } from "../support/control-plane-process.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { DeployRace, prepareRace, seededRandom } from "./deploy-race.ts";
import { type Call, isLinearizable } from "./linearizability.ts";

const runs = 50;
const size = { clients: 16, callsPerClient: 8 };
/** Few, so that clients meet on the same ones. */
const releaseCount = 3;
/** RACE_SEED chooses the same calls again. */
const seed = Number(process.env.RACE_SEED ?? randomInt(2 ** 31));
const storeOptions = { role: "server", clock: Date.now, random: randomBytes } as const;

type Broken = Pick<Store, "clusters" | "workflows" | "releases">;

/** Each is a mistake that a store could make. */
const brokenStores: Readonly<Record<string, (store: Store) => Broken>> = {
  "reads that lag behind the writes"(store) {
    let known: Awaited<ReturnType<Store["clusters"]["getCluster"]>> | undefined;
    const getCluster: Store["clusters"]["getCluster"] = async (ref) => {
      const now = await store.clusters.getCluster(ref);
      const answer = known ?? now;
      known = now;
      return answer;
    };
    return { ...store, clusters: { ...store.clusters, getCluster } };
  },
  "an undeploy that looks first and acts later"(store) {
    const undeploy: Store["releases"]["undeploy"] = async (request) => {
      const [ref = { kind: "default" } as const] = request.clusters;
      const looked = (await store.clusters.getCluster(ref)).deployments[0]?.release.id;
      if (looked !== request.release) return await store.releases.undeploy(request);
      await setTimeout(5);
      const [now] = (await store.clusters.getCluster(ref)).deployments;
      return await store.releases.undeploy({ ...request, release: now?.release.id ?? request.release });
    };
    return { ...store, releases: { ...store.releases, undeploy } };
  },
};

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

test(`${size.clients} clients that race deploy, undeploy and read on one cluster see one order`, async (t) => {
  await using folder = await createScratchFolder();
  const store = await openSqliteStore({ ...storeOptions, dataFolder: folder.path });
  const releases = await prepareRace(store, releaseCount);
  await store.close();
  await using server = await startControlPlaneProcess(folder.path, "none");
  const race = new DeployRace(server.url, releases, size, seededRandom(seed));
  t.diagnostic(`seed ${seed}`);
  for (let run = 0; run < runs; run++) {
    assert.ok(await race.isLinearizable(), `seed ${seed}, run ${run}: no order explains the answers`);
  }
});

describe("a store that breaks the order is found out", () => {
  for (const [name, breakStore] of Object.entries(brokenStores)) {
    test(name, async (t) => {
      await using folder = await createScratchFolder();
      await using store = await openDisposable(folder.path);
      const releases = await prepareRace(store.store, releaseCount);
      await using server = await serveWorkflows(breakStore(store.store));
      t.diagnostic(`seed ${seed}`);
      // With fewer calls at a time fewer orders are possible, so that a mistake shows sooner.
      const race = new DeployRace(
        server.url,
        releases,
        { clients: 4, callsPerClient: 24 },
        seededRandom(seed),
      );
      let found = false;
      let run = 0;
      for (; run < runs && !found; run++) found = !(await race.isLinearizable());
      t.diagnostic(`found in run ${run}`);
      assert.ok(found, `seed ${seed}: ${runs} runs have not shown it`);
    });
  }
});

async function openDisposable(dataFolder: string) {
  const store = await openSqliteStore({ ...storeOptions, dataFolder });
  return { store, [Symbol.asyncDispose]: () => store.close() };
}

/** The real service and listener over a store of the test's own. */
async function serveWorkflows(store: Pick<Store, "clusters" | "workflows" | "releases">) {
  const report = (failure: unknown) => assert.fail(String(failure));
  const authenticate = trustEveryone("anyone");
  const services = { workflows: createWorkflowsService({ store, random: randomBytes }) };
  const routes = createRoutes(services, { authenticate, report });
  const parts = {
    routes,
    httpRoutes: [],
    authenticate,
    report,
    figures: createServerFigures(),
    loopbackHostsOnly: true,
  };
  const listener = await startListener({
    addresses: [{ kind: "tcp", host: "127.0.0.1", port: 0 }],
    handle: createRequestHandler(parts),
    limits: connectionLimits,
  });
  const [address] = listener.addresses;
  const url = `http://127.0.0.1:${address?.kind === "tcp" ? address.port : 0}`;
  return { url, [Symbol.asyncDispose]: () => listener.close(0) };
}
