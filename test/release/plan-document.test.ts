import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { UserError } from "../../src/errors.ts";
import { planDeployment } from "../../src/release/deploy-plan.ts";
import { planDifferences, readExpectedPlan, requirePlanned } from "../../src/release/expected-plan.ts";
import { type PlanDocument, type PlanParts, planDocument } from "../../src/release/plan-document.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";

const release = (name: string) => ({ id: name, fingerprint: `f-${name}`, digest: `d-${name}` });
const rollout = { dev: ["dev-1"], production: ["prod-1"] };
const had = new Map([["prod-1", release("old")]]);

function document(changes: Partial<PlanParts> & { readonly published?: boolean } = {}): PlanDocument {
  const { published = true, ...parts } = changes;
  const after = { ...release("new"), id: published ? "new" : undefined };
  return planDocument({
    workflow: "tiles",
    plan: planDeployment(rollout, had, () => after),
    checks: [
      {
        against: "release old on prod-1",
        findings: [
          {
            severity: "breaking",
            kind: "task-removed",
            task: "Join",
            change: "Join is gone",
            effect: "jobs wait",
          },
        ],
        jobs: [{ cluster: "prod-1", tasks: [{ name: "Join", tasks: 3, jobs: 1 }] }],
      },
    ],
    gates: ["ready"],
    onFailure: "rollback",
    ...parts,
  });
}

describe("a plan as data", () => {
  it("holds for the same content, published by then or not", () => {
    const early = document({ published: false });
    assert.equal(early.clusters[0]?.after.release, null);
    assert.equal(document().clusters[0]?.after.release, "new");
    assert.equal(early.hash, document().hash);
    assert.match(early.hash, /^[0-9a-f]{64}$/);
  });

  const moved: readonly [string, Partial<PlanParts>][] = [
    ["the workflow", { workflow: "other" }],
    ["what is deployed", { plan: planDeployment(rollout, had, () => ({ ...release("new"), digest: "x" })) }],
    [
      "its fingerprint",
      { plan: planDeployment(rollout, had, () => ({ ...release("new"), fingerprint: "x" })) },
    ],
    ["what a cluster has", { plan: planDeployment(rollout, new Map(), () => release("new")) }],
    ["the clusters", { plan: planDeployment({ ...rollout, dev: [] }, had, () => release("new")) }],
    [
      "their stage",
      { plan: planDeployment({ dev: [], production: ["dev-1", "prod-1"] }, had, () => release("new")) },
    ],
    ["the contract", { checks: [] }],
    ["the gates", { gates: ["ready", "soak: 10"] }],
    ["what a failure leads to", { onFailure: "leave" }],
  ];
  for (const [what, changes] of moved) {
    it(`has another hash when ${what} is another, and says so`, () => {
      const [planned, now] = [document(), document(changes)];
      assert.notEqual(planned.hash, now.hash);
      assert.notDeepEqual(planDifferences(planned, now), []);
    });
  }

  it("names every field that has moved, by the cluster's name, and nothing else", () => {
    const now = document({
      plan: planDeployment({ dev: ["dev-0", "dev-1"], production: ["prod-1"] }, new Map(), () =>
        release("new"),
      ),
      gates: [],
    });
    assert.deepEqual(
      planDifferences(document(), now).map(({ message }) => message),
      [
        "clusters[prod-1].change: planned replace, now first",
        "clusters[prod-1].before.release: planned old, now nothing",
        "clusters[prod-1].before.digest: planned d-old, now nothing",
        "clusters[prod-1].before.fingerprint: planned f-old, now nothing",
        "gates[ready]: planned ready, now nothing",
        "clusters[dev-0].cluster: planned nothing, now dev-0",
        "clusters[dev-0].stage: planned nothing, now dev",
        "clusters[dev-0].change: planned nothing, now first",
        "clusters[dev-0].after.digest: planned nothing, now d-new",
        "clusters[dev-0].after.fingerprint: planned nothing, now f-new",
      ],
    );
  });

  it("is held to by its hash or by a file of it: a plan, or the report of a run of one or several projects", async () => {
    await using folder = await createScratchFolder();
    const plan = document();
    const other = document({ workflow: "other" });
    await folder.write({
      "plan.json": JSON.stringify(plan),
      "report.json": JSON.stringify({ ok: true, plan }),
      "reports.json": JSON.stringify({ projects: [{ path: "a" }, { path: "b", plan: other }, { plan }] }),
      "forged.json": JSON.stringify({ ...plan, onFailure: "leave" }),
      "nothing.json": JSON.stringify({ ok: true }),
      "no-json.json": "{",
    });
    const read = (name: string) => readExpectedPlan({ kind: "file", path: join(folder.path, name) }, "tiles");
    for (const name of ["plan.json", "report.json", "reports.json"]) requirePlanned(await read(name), plan);
    requirePlanned({ kind: "hash", hash: plan.hash }, plan);
    requirePlanned(await readExpectedPlan({ kind: "only" }, "tiles"), plan);
    for (const [name, why] of [
      ["forged.json", /was changed after it was made/],
      ["nothing.json", /has no plan for the workflow tiles/],
      ["no-json.json", /cannot be read as JSON/],
      ["missing.json", /cannot be read as JSON/],
    ] as const) {
      await assert.rejects(read(name), (error) => {
        assert(error instanceof UserError && error.code === "input-invalid");
        assert.match(error.message, why);
        return true;
      });
    }
    const now = document({ onFailure: "leave" });
    assert.throws(() => requirePlanned({ kind: "hash", hash: plan.hash }, now), {
      code: "plan-changed",
      problems: [
        { message: "a hash does not say what has moved", hint: "give the file of the plan instead" },
      ],
    });
    assert.throws(() => requirePlanned({ kind: "plan", plan }, now), {
      code: "plan-changed",
      problems: [{ message: "onFailure: planned rollback, now leave" }],
    });
  });
});
