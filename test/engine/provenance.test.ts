import assert from "node:assert/strict";
import { test } from "node:test";
import {
  encodeProvenance,
  type Provenance,
  parseProvenance,
  usableProvenance,
} from "../../src/engine/provenance.ts";

const whole: Provenance = {
  repository: "acme/tiles",
  commit: "a".repeat(40),
  ref: "refs/heads/grün-🌍",
  run: { id: 12, attempt: 2, url: "https://github.com/acme/tiles/actions/runs/12/attempts/2" },
  actor: "dependabot[bot]",
  reason: "rollback",
  gates: ["ready", "soak"],
};

test("what a run says of itself goes through a header of printable ASCII", () => {
  const header = encodeProvenance(whole);
  assert.match(header, /^[ -~]+$/);
  assert.deepEqual(parseProvenance(header), whole);
  assert.deepEqual(parseProvenance(encodeProvenance({ reason: "deploy" })), { reason: "deploy" });
});

test("a ref that makes it too long is left out", () => {
  const { ref: _, ...rest } = whole;
  const long = encodeProvenance({ ...whole, ref: `refs/heads/${"é".repeat(400)}` });
  assert.deepEqual(parseProvenance(long), rest);
});

test("everything that is wrong is named", () => {
  const problems = (value: unknown) => {
    const parsed = parseProvenance(typeof value === "string" ? value : JSON.stringify(value));
    assert.ok("problems" in parsed, JSON.stringify(value));
    return parsed.problems;
  };
  assert.deepEqual(problems("{"), ["is not JSON"]);
  assert.deepEqual(problems([]), ["is no JSON object"]);
  assert.deepEqual(problems("null"), ["is no JSON object"]);
  assert.deepEqual(problems({}), ["reason is missing"]);
  assert.deepEqual(problems("x".repeat(3_000)), ["has more than 2048 bytes"]);
  assert.deepEqual(problems({ ...whole, reason: "fun", more: 1 }), [
    "reason is malformed",
    'has an unknown field "more"',
  ]);
  assert.deepEqual(problems({ ...whole, run: { id: 0, attempt: 1, url: "javascript:alert(1)" } }), [
    "run.id is malformed",
    "run.url is malformed",
  ]);
  assert.deepEqual(problems({ ...whole, run: { id: 1 } }), ["run is malformed"]);
  for (const [field, value] of [
    ["repository", "acme"],
    ["commit", "HEAD"],
    ["ref", "a b"],
    ["ref", "a\u202eb"],
    ["actor", "a b"],
    ["gates", ["fun"]],
    ["gates", "ready"],
    ["constructor", 1],
  ] as const) {
    assert.equal(problems({ ...whole, [field]: value }).length, 1, field);
  }
});

test("what a run elsewhere made up is left out instead of refused", () => {
  const { reason: _, ...run } = whole;
  assert.deepEqual(usableProvenance(run), run);
  assert.deepEqual(usableProvenance({}), {});
  assert.deepEqual(
    usableProvenance({
      repository: "acme",
      commit: "HEAD",
      ref: "main",
      run: { id: 0, attempt: 1 },
      actor: "",
    }),
    { ref: "main" },
  );
});
