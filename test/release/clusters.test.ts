import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ReleaseError } from "../../src/errors.ts";
import type { ClusterInput } from "../../src/release/clusters.ts";
import { resolveRollout } from "../../src/release/clusters.ts";

const project = {
  targets: new Map([
    ["staging", ["s-1", "s-2"]],
    ["live", ["p-1"]],
  ]),
};
const slug = (name: string): ClusterInput => ({ kind: "slug", slug: name });
const target = (name: string): ClusterInput => ({ kind: "target", name });

function problems(dev: ClusterInput[], production: ClusterInput[]): string[] {
  try {
    resolveRollout({ dev, production }, project);
  } catch (error) {
    assert(error instanceof ReleaseError && error.code === "clusters-invalid");
    return error.problems.map(({ message, hint }) => `${message}; ${hint}`);
  }
  assert.fail("nothing was wrong");
}

describe("the clusters of a rollout", () => {
  it("are the slugs and the clusters of the named targets, in order", () => {
    assert.deepEqual(
      resolveRollout({ dev: [target("staging"), slug("d")], production: [target("live")] }, project),
      {
        dev: ["s-1", "s-2", "d"],
        production: ["p-1"],
      },
    );
  });

  it("are named once each, never in both stages, and by targets that exist; all problems together", () => {
    assert.deepEqual(problems([slug("a"), slug("a"), target("stagging")], [slug("a")]), [
      "dev-cluster: tilebox.workflow.toml has no [targets.stagging]; did you mean target:staging?",
      "dev-cluster names a twice; name each cluster once",
      "a is both a dev and a production cluster; a release is tried on another cluster before production gets it",
    ]);
  });
});
