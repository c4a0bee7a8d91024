/** Runs that overtake each other, on a real control plane, with commits of real git repositories. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import pLimit from "p-limit";
import type { ApiClient, HttpApiClient } from "../../src/api/client.ts";
import { toReleaseError } from "../../src/errors.ts";
import type { Allowed } from "../../src/release/allowed.ts";
import { compareCommits } from "../../src/release/ancestry.ts";
import { readClusters } from "../../src/release/cluster-calls.ts";
import type { DeployedRelease } from "../../src/release/deploy-plan.ts";
import { systemGateWorld } from "../../src/release/gates/system-world.ts";
import { historyRecords } from "../../src/release/history-records.ts";
import { publishBuild } from "../../src/release/publish.ts";
import { type RunRecord, startRecord } from "../../src/report/record.ts";
import { isNewest, requireNotOlder } from "../../src/stages/require-not-older.ts";
import { rollOut } from "../../src/stages/roll-out.ts";
import { packOneFile } from "../support/archives.ts";
import { silentLog } from "../support/builds.ts";
import { type CommitGraph, randomGraph, reaches, writeGraphs } from "../support/commit-graph.ts";
import { startControlPlane, type TestControlPlane } from "../support/control-plane.ts";
import { exampleBuild } from "../support/run-records.ts";
import { createScratchFolder, type ScratchFolder } from "../support/scratch-folder.ts";

const signal = new AbortController().signal;
const resources = new AsyncDisposableStack();
let plane: TestControlPlane;
let api: ApiClient;
let folder: ScratchFolder;
let archive: Awaited<ReturnType<typeof packOneFile>>;

before(async () => {
  plane = resources.use(await startControlPlane());
  folder = resources.use(await createScratchFolder());
  api = resources.use(await plane.client());
  archive = await packOneFile(folder, "pass\n");
  for (const slug of ["dev", "prod"]) await api.workflows.createCluster({ name: slug, slug });
  // The bytes are there then, and nobody uploads them again.
  await publish("first", "pass");
});
after(() => resources.disposeAsync());

async function publish(workflow: string, content: string): Promise<DeployedRelease> {
  const { digest, archivePath: path, sha256, sizeBytes } = archive;
  const fingerprint = createHash("sha256").update(`${workflow} ${content}`).digest("hex");
  const build = exampleBuild({ slug: workflow, digest, fingerprint, archive: { path, sha256, sizeBytes } });
  return await publishBuild(api, build, { createWorkflow: true, signal, log: silentLog });
}

/** A repository with these histories, and the ids of their commits. */
async function createRepository(graphs: readonly CommitGraph[]) {
  const repository = resources.use(await createScratchFolder());
  execFileSync("git", ["init", "--quiet"], { cwd: repository.path });
  return { repository: repository.path, ids: await writeGraphs(repository.path, graphs) };
}

interface Run {
  /** Where the commits are. */
  readonly repository: string;
  readonly workflow: string;
  readonly commit: string | undefined;
  readonly release: DeployedRelease;
  readonly production?: readonly string[];
  readonly allow?: Allowed;
  /** Before and after each call that others may get between. */
  readonly pause?: () => Promise<void>;
}

async function deploy(run: Run) {
  const { repository, workflow, commit, release, production = [], allow = new Map(), pause } = run;
  const { getCluster, deployWorkflowRelease } = api.workflows;
  const slow =
    <A extends unknown[], T>(call: (...args: A) => Promise<T>) =>
    async (...args: A) => {
      await pause?.();
      const answer = await call(...args);
      await pause?.();
      return answer;
    };
  const workflows = {
    ...api.workflows,
    getCluster: slow(getCluster),
    deployWorkflowRelease: slow(deployWorkflowRelease),
  };
  const through = { ...api, workflows, run: commit === undefined ? {} : { commit } } as HttpApiClient;
  const record: RunRecord = startRecord(0);
  record.slug = workflow;
  record.release = { ...release, outcome: "reused" };
  if (commit !== undefined) record.commit = commit;
  const deps = {
    ...{ log: silentLog, signal, world: systemGateWorld, endsAtMs: Number.POSITIVE_INFINITY },
    deploymentRecords: () => historyRecords(through, signal),
    compareCommits: (deployed: string, ours: string) =>
      compareCommits(deployed, ours, { folder: repository, signal }),
  };
  const rollout = { dev: ["dev"], production };
  const found = await readClusters(through, workflow, rollout, signal);
  const failure = await rollOut(
    through,
    {
      ...{ workflow, rollout, before: found, releaseFor: () => release, reason: "deploy", allow },
      ...{ onFailure: undefined, planned: undefined, gates: [] },
      requireAllowed: (stage, plan) =>
        requireNotOlder(through, { workflow, plan, allow }, stage, record, deps),
      mayClaim: (planned) => isNewest(through, workflow, planned, record, deps),
    },
    record,
    deps,
  ).then(() => undefined, toReleaseError);
  return { record, failure };
}

async function deployedCommit(workflow: string): Promise<string | undefined> {
  return (await historyRecords(api, signal).list(workflow, "dev"))[0]?.commit;
}

function assertNotOvertaken(graph: CommitGraph, deployed: number, finished: readonly number[], hint: string) {
  for (const other of finished)
    assert(other === deployed || !reaches(graph, other, deployed), `${hint}: ${deployed} under ${other}`);
}

describe("runs that overtake each other", () => {
  it("never leave a commit that another finished one has in its history: 200 histories, 2 to 8 runs at once", async () => {
    const [seed = 1] = fc.sample(fc.integer({ min: 1, max: 2 ** 31 - 1 }), 1);
    const random = randomOf(seed);
    const graphs = Array.from({ length: 200 }, () => randomGraph(4 + Math.floor(random() * 12), random));
    const { repository, ids } = await createRepository(graphs);
    const limit = pLimit(8);
    const refused = new Map<string, number>();
    const pause = () => sleep(random() * 4);
    await limit.map([...graphs.entries()], async ([g, graph]) => {
      const workflow = `history-${g}`;
      await api.workflows.createWorkflow({ name: workflow });
      const order = Array.from({ length: 2 + Math.floor(random() * 7) }, () =>
        Math.floor(random() * graph.length),
      );
      const finished: number[] = [];
      await Promise.all(
        order.map(async (index) => {
          const release = await publish(workflow, String(index));
          // Some run together, some when others have ended.
          await sleep(random() * 800);
          const { failure } = await deploy({ repository, workflow, commit: ids[g]?.[index], release, pause });
          if (failure === undefined) finished.push(index);
          else {
            refused.set(failure.code, (refused.get(failure.code) ?? 0) + 1);
            const known = ["commit-older", "deployment-changed", "cluster-changed"];
            assert(known.includes(failure.code), `seed ${seed}: ${failure.code}: ${failure.message}`);
          }
        }),
      );
      assert(finished.length > 0, `seed ${seed}: none of ${order} finished`);
      const deployed = ids[g]?.indexOf((await deployedCommit(workflow)) ?? "") ?? -1;
      assertNotOvertaken(graph, deployed, finished, `seed ${seed}, ${JSON.stringify(graph)}, ${order}`);
    });
    for (const code of ["commit-older", "deployment-changed"])
      assert((refused.get(code) ?? 0) > 20, `${code} hardly happens: ${JSON.stringify([...refused])}`);
    assert.deepEqual(plane.failures, []);
  });

  it("one after the other, with commits that have the same content: the newest one counts", async () => {
    const [seed = 1] = fc.sample(fc.integer({ min: 1, max: 2 ** 31 - 1 }), 1);
    const random = randomOf(seed);
    const graphs = Array.from({ length: 12 }, () => randomGraph(8, random));
    const { repository, ids } = await createRepository(graphs);
    for (const [g, graph] of graphs.entries()) {
      const workflow = `same-${g}`;
      const finished: number[] = [];
      for (let run = 0; run < 6; run++) {
        const index = Math.floor(random() * graph.length);
        const release = await publish(workflow, String(index % 2));
        const { failure } = await deploy({ repository, workflow, commit: ids[g]?.[index], release });
        if (failure === undefined) finished.push(index);
        else assert.equal(failure.code, "commit-older", failure.message);
      }
      const deployed = ids[g]?.indexOf((await deployedCommit(workflow)) ?? "") ?? -1;
      // A run whose content is there already finishes, and leaves the newer commit.
      const changed = finished.filter((index) => !reaches(graph, deployed, index));
      assertNotOvertaken(graph, deployed, changed, `seed ${seed}`);
    }
  });
});

/** mulberry32: a seed that is printed gives the same histories again. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
