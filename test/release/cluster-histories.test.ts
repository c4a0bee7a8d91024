import assert from "node:assert/strict";
import { test } from "node:test";
import type { HistoryLine, HistoryQuery } from "../../src/api/history-calls.ts";
import { readClusterHistories } from "../../src/release/cluster-histories.ts";
import type { DeploymentRecord } from "../../src/release/deployment-records.ts";

const never = new AbortController().signal;
const ours = { repository: "acme/tiles", run: { id: 1, attempt: 1 }, reason: "deploy" } as const;
type Deploy = Extract<HistoryLine, { readonly after: unknown }>;
const deploy = (
  sequence: number,
  cluster: string,
  after: string | null,
  more: Partial<Deploy> = {},
): HistoryLine => ({
  ...{
    sequence,
    atMs: sequence * 1_000,
    key: "ci",
    workflow: "tiles",
    kind: "deploy",
    cluster,
    before: null,
    after,
  },
  ...more,
});

/** Pages of two entries, as a long history has them. */
function historyOf(...lines: readonly HistoryLine[]) {
  const newest = lines.toSorted((a, b) => b.sequence - a.sequence);
  return {
    readHistory: async ({ before = Number.POSITIVE_INFINITY }: HistoryQuery) => {
      const older = newest.filter(({ sequence }) => sequence < before);
      const entries = older.slice(0, 2);
      return { entries, next: older.length > 2 ? (entries.at(-1)?.sequence ?? null) : null };
    },
  };
}

test("the newest change of a run of this repository is what is wanted, whoever came after it", async () => {
  const api = historyOf(
    deploy(1, "dev", "r1", { provenance: ours }),
    deploy(2, "prod", "r1", { provenance: { ...ours, repository: "Acme/Tiles" } }),
    deploy(3, "dev", "r2", { provenance: { ...ours, repository: "eve/tiles" } }),
    deploy(4, "dev", "r3"),
    deploy(5, "prod", "r0", { provenance: { ...ours, reason: "rollback" } }),
  );
  const options = { api, github: undefined, repository: "acme/tiles", signal: never };
  const told = await readClusterHistories("tiles", ["dev", "prod", "idle"], options);
  const summary = [...told].map(([cluster, { wanted, changed }]) => [
    cluster,
    wanted?.release,
    changed?.atMs,
  ]);
  assert.deepEqual(summary, [
    ["dev", "r1", 4_000],
    ["prod", "r0", 5_000],
    ["idle", undefined, undefined],
  ]);
  const anyRun = await readClusterHistories("tiles", ["dev"], { ...options, repository: undefined });
  assert.equal(anyRun.get("dev")?.wanted?.release, "r2");
});

test("a later deployment on GitHub counts: one that changed nothing is in no history", async () => {
  const record = (atMs: number, outcome: DeploymentRecord["outcome"]): DeploymentRecord => ({
    ...{ workflow: "tiles", cluster: "dev", release: "r2", atMs, outcome, gates: [] },
  });
  const api = historyOf(deploy(1, "dev", "r1", { provenance: ours }), deploy(2, "dev", "r2"));
  const wanted = async (...records: DeploymentRecord[]) => {
    const github = { list: async () => records };
    const options = { api, github, repository: "acme/tiles", signal: never };
    return (await readClusterHistories("tiles", ["dev"], options)).get("dev")?.wanted?.release;
  };
  assert.equal(await wanted(), "r1");
  assert.equal(await wanted(record(3_000, "succeeded")), "r2");
  assert.equal(await wanted(record(500, "succeeded")), "r1");
  assert.equal(await wanted(record(4_000, "failed"), record(500, "superseded")), "r1");
});
