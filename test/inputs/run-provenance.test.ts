import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeProvenance, parseProvenance } from "../../src/engine/provenance.ts";
import { readRunProvenance } from "../../src/inputs/run-provenance.ts";

const env = {
  GITHUB_REPOSITORY: "acme/tiles",
  GITHUB_SHA: "c".repeat(40),
  GITHUB_REF: "refs/heads/main",
  GITHUB_RUN_ID: "7",
  GITHUB_RUN_ATTEMPT: "2",
  GITHUB_ACTOR: "anna",
};

test("a run on GitHub says what it is", () => {
  assert.deepEqual(readRunProvenance(env), {
    ...{ repository: "acme/tiles", commit: "c".repeat(40), ref: "refs/heads/main", actor: "anna" },
    run: { id: 7, attempt: 2, url: "https://github.com/acme/tiles/actions/runs/7/attempts/2" },
  });
  assert.deepEqual(readRunProvenance({}), {});
});

test("what a runner of another make sets is never refused by the control plane", () => {
  for (const changed of [
    { GITHUB_ACTOR: "" },
    { GITHUB_RUN_ID: "x" },
    { GITHUB_REF: "a b" },
    { GITHUB_SERVER_URL: "ftp://x" },
  ]) {
    const header = encodeProvenance({ ...readRunProvenance({ ...env, ...changed }), reason: "deploy" });
    assert.ok(!("problems" in parseProvenance(header)), header);
  }
});
