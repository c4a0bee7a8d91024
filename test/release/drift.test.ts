import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UserError } from "../../src/errors.ts";
import { type ClusterHistory, checkDrift, requireNoDrift, type Wanted } from "../../src/release/drift.ts";
import { errorOf } from "../support/errors.ts";

const wanted = (release: string | null): Wanted => ({ release, atMs: 1_000, repository: "acme/tiles" });
const stranger = { atMs: Date.UTC(2026, 0, 31, 12), key: "laptop", actor: "eve" };

function check(facts: {
  readonly actual: Readonly<Record<string, string | undefined>>;
  readonly targets?: Readonly<Record<string, readonly string[]>>;
  readonly histories?: Readonly<Record<string, Partial<ClusterHistory>>>;
}) {
  return checkDrift("tiles", {
    actual: new Map(Object.entries(facts.actual)),
    targets: new Map(Object.entries(facts.targets ?? {})),
    histories: new Map(
      Object.entries(facts.histories ?? {}).map(([cluster, { wanted, changed }]) => [
        cluster,
        { wanted, changed },
      ]),
    ),
  });
}

const drifts = (checked: ReturnType<typeof check>) =>
  Object.fromEntries(checked.clusters.map(({ cluster, drift }) => [cluster, drift]));

describe("drift", () => {
  it("is something else than was deployed last, with who changed it", () => {
    const checked = check({
      actual: { a: "r1", b: "r2", c: undefined, d: "r1" },
      histories: {
        a: { wanted: wanted("r1"), changed: wanted("r1") },
        b: { wanted: wanted("r1"), changed: stranger },
        c: { wanted: wanted("r1"), changed: stranger },
        d: { wanted: wanted(null), changed: stranger },
      },
    });
    assert.deepEqual(drifts(checked), { a: undefined, b: "changed", c: "changed", d: "changed" });
    assert.throws(
      () => requireNoDrift(checked),
      (error: unknown) => {
        assert.ok(error instanceof UserError && errorOf("drift-found", /3 of 4 clusters/)(error));
        assert.deepEqual(
          error.problems.map(({ message }) => message),
          [
            "b: has r2, not r1; changed 2026-01-31 12:00 UTC by eve with the key laptop",
            "c: has no release, not r1; changed 2026-01-31 12:00 UTC by eve with the key laptop",
            "d: has r1, not no release; changed 2026-01-31 12:00 UTC by eve with the key laptop",
          ],
        );
        return true;
      },
    );
  });

  it("is a cluster of a target that is missing or has nothing, and one with a release that no target names", () => {
    const checked = check({
      actual: { a: "r1", b: undefined, other: "r1", ours: "r1", idle: undefined },
      targets: { dev: ["a"], production: ["b", "gone"] },
      histories: { ours: { wanted: wanted("r1"), changed: undefined } },
    });
    assert.deepEqual(drifts(checked), {
      ...{ a: undefined, b: "empty", other: "stray", ours: undefined, gone: "missing" },
    });
    assert.deepEqual(
      checked.clusters.map(({ targets }) => targets.join()),
      ["dev", "production", "", "", "production"],
    );
  });

  it("is not there where all is well; where nothing is known, the check fails all the same", () => {
    requireNoDrift(check({ actual: { a: "r1" }, targets: { dev: ["a"] } }));
    requireNoDrift(check({ actual: { a: undefined }, histories: { a: { wanted: wanted(null) } } }));
    assert.throws(
      () => requireNoDrift(check({ actual: { a: "r1" } })),
      errorOf("drift-found", /Nothing says/),
    );
    assert.throws(() => requireNoDrift(check({ actual: {} })), errorOf("drift-found", /Nothing says/));
  });
});
