import assert from "node:assert/strict";
import { test } from "node:test";
import { githubRecords } from "../../../src/report/github/github-records.ts";
import { errorOf } from "../../support/errors.ts";
import { clientOf } from "../../support/github/client.ts";
import { startFakeGitHub } from "../../support/github/fake-github.ts";

const payload = {
  ...{ environment: "tiles/dev", workflow: "tiles", cluster: "dev" },
  ...{ fingerprint: "f".repeat(64), digest: "d".repeat(64), commit: "c".repeat(40) },
};

test("GitHub Deployments are records, the newest first; success says that its gates passed", async () => {
  await using fake = await startFakeGitHub();
  fake.state.commits.set(payload.commit, []);
  const token = fake.addToken({ deployments: "write" });
  const client = await clientOf(fake, token);
  const records = githubRecords(async () => client, "https://github.com");
  const begin = async (release: string, id: number, ...states: ("success" | "failure" | "inactive")[]) => {
    const { octokit, repository } = client;
    const { data } = await octokit.rest.repos.createDeployment({
      ...{ ...repository, ref: payload.commit, environment: payload.environment },
      ...{ required_contexts: [], auto_merge: false },
      payload: { ...payload, release, gates: ["ready"], run: { id, attempt: 1 } },
    });
    for (const state of states) {
      const deployment_id = "id" in data ? data.id : assert.fail();
      await octokit.rest.repos.createDeploymentStatus({ ...repository, deployment_id, state });
    }
  };
  assert.deepEqual(await records.list("tiles", "dev"), []);
  await begin("r1", 1, "success", "inactive");
  await begin("r2", 2, "success");
  await begin("r3", 3, "failure");
  await begin("r4", 4);
  const told = (await records.list("tiles", "dev")).map(({ release, outcome, gates }) => [
    ...[release, outcome],
    gates.map((gate) => `${gate.gate} ${gate.outcome}`).join(),
  ]);
  assert.deepEqual(told, [
    ["r4", "unfinished", ""],
    ["r3", "failed", ""],
    ["r2", "succeeded", "ready passed"],
    ["r1", "superseded", "ready passed"],
  ]);
  const found = await records.find("tiles", "dev", "r2");
  assert.ok(found);
  const { atMs, gates: _, actor, ...facts } = found;
  assert.ok(Number.isSafeInteger(atMs));
  assert.equal(actor, "github-actions[bot]");
  const { fingerprint: __, environment: ___, ...known } = payload;
  assert.deepEqual(facts, {
    ...{ ...known, release: "r2", outcome: "succeeded", plannedGates: ["ready"], repository: "acme/tiles" },
    run: { id: 2, attempt: 1, url: "https://github.com/acme/tiles/actions/runs/2/attempts/1" },
  });
  assert.equal(await records.find("tiles", "dev", "r9"), undefined);
  assert.deepEqual(fake.violations, []);
});

test("what GitHub does not permit is an error, not a lack of records", async () => {
  await using fake = await startFakeGitHub();
  const client = await clientOf(fake, fake.addToken({}));
  const records = githubRecords(async () => client, "https://github.com");
  const refused = errorOf("api-failed", /deployments: read/);
  await assert.rejects(records.list("tiles", "dev"), refused);
  await assert.rejects(records.find("tiles", "dev", "r1"), refused);
});
