import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DeploymentRecord } from "../../src/release/deployment-records.ts";
import { previousOf } from "../../src/release/previous-release.ts";

/** Newest first; a word for what a test says nothing else of. */
function records(...list: readonly Partial<DeploymentRecord>[]): DeploymentRecord[] {
  return list.map((record, index) => ({
    ...{ workflow: "tiles", cluster: "prod-1", release: "A", gates: [], atMs: -index },
    outcome: index === 0 ? "succeeded" : "superseded",
    ...record,
  }));
}

const taken = [
  {
    what: "what the control plane says that the deployment replaced",
    records: records({ release: "B", before: "A" }, { release: "A", before: null }),
    previous: "A",
  },
  {
    what: "the one before in records that do not say what was replaced",
    records: records({ release: "B" }, { release: "B" }, { release: "A" }, { release: "Z" }),
    previous: "A",
  },
  {
    what: "what the release replaced when it came, though other commits had it since",
    records: records({ release: "B" }, { release: "B", before: "A" }, { release: "C" }, { release: "A" }),
    previous: "A",
  },
  {
    what: "not a deployment that failed",
    records: records({ release: "B" }, { release: "C", outcome: "failed" }, { release: "A" }),
    previous: "A",
  },
  {
    what: "one that was rolled back once, and deployed again since",
    records: records(
      { release: "B", before: "A" },
      { release: "A" },
      { release: "A", outcome: "rolled-back" },
    ),
    previous: "A",
  },
];

const refused = [
  { what: "nothing is there", records: records({ release: "B" }), current: undefined, why: /has no release/ },
  { what: "nothing is recorded", records: [], why: /no deployment of it is recorded/ },
  {
    what: "the cluster has something else than what was deployed last",
    records: records({ release: "C", before: "A" }, { release: "A" }),
    why: /newest deployment that is recorded is of C/,
  },
  {
    what: "nothing was there before",
    records: records({ release: "B", before: null }),
    why: /nothing before/,
  },
  {
    what: "nothing is recorded before",
    records: records({ release: "B" }),
    why: /nothing before .* recorded/,
  },
  {
    what: "the previous release was itself rolled back",
    records: records({ release: "B", before: "C" }, { release: "C", outcome: "rolled-back" }),
    why: /C before, which was itself rolled back/,
  },
  {
    what: "the release came by a rollback: going on would bring back what was taken away",
    records: records({ release: "B", before: "C", reason: "rollback" }),
    why: /C before, which was itself rolled back/,
  },
  {
    what: "it came by a rollback and another commit had it since",
    records: records({ release: "B" }, { release: "B", before: "C", reason: "rollback" }),
    why: /C before, which was itself rolled back/,
  },
  {
    what: "nobody knows whether the previous one ever was there",
    records: records({ release: "B" }, { release: "A", outcome: "unfinished" }),
    why: /A before, of which no end is recorded/,
  },
];

describe("a cluster's own previous release", () => {
  for (const { what, records: known, previous } of taken) {
    it(`is ${what}`, () => assert.deepEqual(previousOf(known, "B"), { release: previous }));
  }
  for (const { what, why, records: known, ...rest } of refused) {
    it(`is refused when ${what}`, () => {
      const previous = previousOf(known, "current" in rest ? rest.current : "B");
      assert.match("refused" in previous ? previous.refused : "", why);
    });
  }
});
