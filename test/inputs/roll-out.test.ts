import assert from "node:assert/strict";
import { resolve } from "node:path";
import { describe, it } from "node:test";
import type { Problem } from "../../src/errors.ts";
import { readActionInputs } from "../../src/inputs/inputs.ts";
import { parseOnFailure, parsePlanInput } from "../../src/inputs/roll-out.ts";
import { onFailureOf } from "../../src/release/on-failure.ts";

describe("the input on-failure", () => {
  it("is one of two words, or left to the clusters", () => {
    const problems: Problem[] = [];
    assert.equal(parseOnFailure("rollback", problems), "rollback");
    assert.equal(parseOnFailure("leave", problems), "leave");
    assert.equal(parseOnFailure("", problems), undefined);
    assert.deepEqual(problems, []);
    assert.equal(parseOnFailure("Rollback", problems), undefined);
    assert.deepEqual(problems, [
      { message: 'on-failure: "Rollback" is not a choice', hint: "rollback or leave" },
    ]);
  });

  it("rolls back by default what reaches for production, and leaves dev alone", () => {
    assert.equal(onFailureOf(undefined, { dev: ["d"], production: ["p"] }), "rollback");
    assert.equal(onFailureOf(undefined, { dev: ["d"], production: [] }), "leave");
    assert.equal(onFailureOf("leave", { dev: ["d"], production: ["p"] }), "leave");
    assert.equal(onFailureOf("rollback", { dev: ["d"], production: [] }), "rollback");
  });
});

describe("the input plan", () => {
  it("is `only`, a hash, or a file of the workspace", () => {
    const hash = "a".repeat(64);
    assert.deepEqual(parsePlanInput("only", "/w"), { kind: "only" });
    assert.deepEqual(parsePlanInput(hash, "/w"), { kind: "hash", hash });
    assert.deepEqual(parsePlanInput("plans/plan.json", "/w"), {
      kind: "file",
      path: resolve("/w", "plans/plan.json"),
    });
    assert.equal(parsePlanInput("", "/w"), undefined);
  });

  it("is read by the action with the others", () => {
    const { plan } = readActionInputs({
      GITHUB_WORKSPACE: "/w",
      INPUT_PLAN: "only",
      "INPUT_ON-FAILURE": "leave",
    });
    assert.deepEqual(plan.plan, { kind: "only" });
    assert.equal(plan.onFailure, "leave");
  });
});
