import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SystemError, UserError } from "../../../src/errors.ts";
import type { GitHubRun } from "../../../src/inputs/github-run.ts";
import type { ClusterOutcome } from "../../../src/release/deploy.ts";
import { planDeployment } from "../../../src/release/deploy-plan.ts";
import { findDeployment } from "../../../src/report/github/deployment-record.ts";
import { GitHubReporter } from "../../../src/report/github/reporter.ts";
import { type RunRecord, recordFailure } from "../../../src/report/record.ts";
import { clientOf, quickLimits } from "../../support/github/client.ts";
import { type FakeGitHub, startFakeGitHub } from "../../support/github/fake-github.ts";
import { exampleBuild, exampleRecord, exampleReleaseId } from "../../support/run-records.ts";

const commit = "a".repeat(40);
const head = "b".repeat(40);
const olderRelease = "019acba6-0000-7e90-8106-aaaaaaaaaaaa";

async function openGitHub(): Promise<FakeGitHub> {
  const fake = await startFakeGitHub();
  fake.state.commits.set(commit, []);
  fake.state.pullRequests.set(7, { headSha: head, locked: false });
  return fake;
}

function runOf(fake: FakeGitHub, changes: Partial<GitHubRun> = {}): GitHubRun {
  return {
    apiUrl: fake.url,
    owner: "acme",
    repo: "tiles",
    commit,
    runId: 4242,
    runAttempt: 1,
    runUrl: "https://github.com/acme/tiles/actions/runs/4242/attempts/1",
    job: "acme/tiles/.github/workflows/release.yml release",
    ...changes,
  };
}

/** Not AbortSignal.timeout, which a combined signal may lose. */
function after(ms: number): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("no answer in time")), ms).unref();
  return controller.signal;
}

function reporterOf(
  fake: FakeGitHub,
  changes: Partial<ConstructorParameters<typeof GitHubReporter>[0]> = {},
) {
  const notices: string[] = [];
  const token = changes.token ?? fake.addToken({ pull_requests: "write", deployments: "write" });
  const reporter = new GitHubReporter({
    run: runOf(fake),
    comment: true,
    deployments: true,
    matrix: "null",
    signal: after(5_000),
    tell: (notice) => void notices.push(notice),
    openChanged: () => {},
    limits: quickLimits,
    lock: { pollMs: 5, staleMs: 2_000 },
    ...changes,
    token,
  });
  return { reporter, notices };
}

/** A record as it is when the plan is made: nothing is carried out yet. */
function plannedRecord(release = exampleReleaseId): RunRecord {
  const record = exampleRecord({ deployments: new Map(), stage: "publish" });
  const before = new Map([["prod-1", { id: olderRelease, fingerprint: "f", digest: "d" }]]);
  const after = { id: release, fingerprint: "f".repeat(64), digest: "d".repeat(64) };
  record.plan = planDeployment({ dev: ["dev-1"], production: ["prod-1"] }, before, () => after);
  for (const { cluster, stage, before: had } of record.plan)
    record.deployments.set(cluster, { cluster, stage, before: had?.id, after: had?.id, outcome: "planned" });
  return record;
}

function carriedOut(record: RunRecord, cluster: string, outcome: ClusterOutcome["outcome"]): void {
  const planned = record.deployments.get(cluster);
  assert(planned);
  const after = outcome === "deployed" ? record.release?.id : planned.after;
  record.deployments.set(cluster, { ...planned, after, outcome });
}

async function deployEverywhere(fake: FakeGitHub, release = exampleReleaseId): Promise<string[]> {
  const { reporter, notices } = reporterOf(fake);
  const record = plannedRecord(release);
  record.stage = "dev";
  reporter.stageEntered(record);
  carriedOut(record, "dev-1", "deployed");
  record.stage = "production";
  reporter.stageEntered(record);
  carriedOut(record, "prod-1", "deployed");
  await reporter.end(record);
  return notices;
}

const statesOf = (fake: FakeGitHub, cluster: string) =>
  fake.state.deployments
    .filter(({ environment }) => environment === `tiles/${cluster}`)
    .map(({ statuses }) => statuses.map(({ state }) => state));

describe("GitHub Deployments", () => {
  it("go from in progress to success, one a cluster, and end what they supersede", async () => {
    await using fake = await openGitHub();
    assert.deepEqual(await deployEverywhere(fake, olderRelease), []);
    assert.deepEqual(await deployEverywhere(fake), []);
    for (const cluster of ["dev-1", "prod-1"])
      assert.deepEqual(statesOf(fake, cluster), [
        ["in_progress", "success", "inactive"],
        ["in_progress", "success"],
      ]);
    assert.deepEqual(
      fake.state.deployments.slice(-2).map(({ environment, production, transient, sha }) => ({
        environment,
        production,
        transient,
        sha,
      })),
      [
        { environment: "tiles/dev-1", production: false, transient: false, sha: commit },
        { environment: "tiles/prod-1", production: true, transient: false, sha: commit },
      ],
    );
    assert.deepEqual(fake.violations, []);
  });

  it("say in their payload what was deployed, and are found by it", async () => {
    await using fake = await openGitHub();
    await deployEverywhere(fake, olderRelease);
    await deployEverywhere(fake);
    const client = await clientOf(fake, fake.addToken({ deployments: "read" }));
    const found = await findDeployment(client, "tiles/prod-1", exampleReleaseId);
    assert.equal(found?.state, "success");
    assert.deepEqual(found.record, {
      environment: "tiles/prod-1",
      workflow: "tiles",
      cluster: "prod-1",
      release: exampleReleaseId,
      fingerprint: "f".repeat(64),
      digest: "d".repeat(64),
      commit,
      gates: [],
      reason: "deploy",
      run: { id: 4242, attempt: 1 },
    });
    assert.equal((await findDeployment(client, "tiles/prod-1", olderRelease))?.state, "inactive");
    assert.equal(await findDeployment(client, "tiles/other", exampleReleaseId), undefined);
  });

  it("end in every case: failed, cancelled, could not be read back", async () => {
    await using fake = await openGitHub();
    const { reporter } = reporterOf(fake);
    const record = plannedRecord();
    record.stage = "dev";
    reporter.stageEntered(record);
    carriedOut(record, "dev-1", "unknown");
    recordFailure(record, new SystemError("interrupted", "The run was cancelled (SIGINT)"));
    await reporter.end(record);
    assert.deepEqual(statesOf(fake, "dev-1"), [["in_progress", "error"]]);
    assert.deepEqual(statesOf(fake, "prod-1"), [], "production was not reached");
    const description = fake.state.deployments[0]?.statuses.at(-1)?.description;
    assert.equal(description, "could not be read back (interrupted)");
  });

  it("never fail or delay a deploy, and the notice says what is true", async () => {
    await using fake = await openGitHub();
    const { reporter, notices } = reporterOf(fake, { token: fake.addToken({ deployments: "read" }) });
    const record = plannedRecord();
    record.stage = "dev";
    reporter.stageEntered(record);
    carriedOut(record, "dev-1", "deployed");
    await reporter.end(record);
    assert.equal(notices.length, 1);
    assert.match(
      notices[0] ?? "",
      /could not be recorded: GitHub does not permit it .*"permissions: deployments: write".*did not change what was deployed: tiles\/dev-1: deployed, was empty/,
    );

    const slow = reporterOf(fake, { signal: after(300) });
    fake.fail(/deployments/, { kind: "hang" }, 99);
    const startMs = performance.now();
    slow.reporter.stageEntered(record);
    await slow.reporter.end(record);
    assert(performance.now() - startMs < 1_500);
    assert.match(slow.notices[0] ?? "", /GitHub did not answer in time.*dev-1: deployed/);
  });
});

describe("the reporter on a pull request", () => {
  const pullRequest = { number: 7, commit: head };

  it("comments with the sections of the summary, one part for each job of a matrix", async () => {
    await using fake = await openGitHub();
    const run = runOf(fake, { pullRequest });
    for (const matrix of ["null", '{"python":"3.11"}', '{"python":"3.12"}', '{"python":"3.12"}']) {
      const { reporter, notices } = reporterOf(fake, { run, matrix });
      await reporter.end(exampleRecord());
      assert.deepEqual(notices, []);
    }
    assert.equal(fake.state.comments.length, 1);
    const body = fake.state.comments[0]?.body ?? "";
    assert.match(body, /## ✅ 3 projects build/);
    assert.match(body, /unchanged on 1 cluster \(<code>3.12<\/code>\)<\/summary>/);
    assert.match(body, /\| Digest \|/);
    assert.deepEqual(fake.violations, []);
  });

  it("comments for all projects of a job at once", async () => {
    await using fake = await openGitHub();
    const { reporter, notices } = reporterOf(fake, { run: runOf(fake, { pullRequest }) });
    const records = ["tiles", "roads"].map((slug) =>
      exampleRecord({ slug, projectPath: `projects/${slug}`, build: exampleBuild({ slug }) }),
    );
    await reporter.end(...records);
    assert.deepEqual(notices, []);
    assert.match(fake.state.comments[0]?.body ?? "", /## ✅ 2 projects build/);
    assert.equal(fake.calls.filter((call) => call.startsWith("POST") && call.endsWith("comments")).length, 1);
  });

  it("without permission tells so, and that the summary says the same", async () => {
    await using fake = await openGitHub();
    const { reporter, notices } = reporterOf(fake, {
      run: runOf(fake, { pullRequest }),
      token: fake.addToken({ pull_requests: "read", contents: "read" }),
    });
    await reporter.end(exampleRecord());
    assert.match(
      notices.join("\n"),
      /comment was not written: GitHub does not permit it \(403.*fork.*job summary says the same/,
    );
  });

  it("keeps to its limit when GitHub is silent", async () => {
    await using fake = await openGitHub();
    fake.fail(/./, { kind: "hang" }, 99);
    const { reporter, notices } = reporterOf(fake, { run: runOf(fake, { pullRequest }), signal: after(200) });
    const startMs = performance.now();
    await reporter.end(exampleRecord());
    assert(performance.now() - startMs < 1_500);
    assert.match(notices.join("\n"), /GitHub did not answer in time/);
  });

  it("shows hostile names as text", async () => {
    await using fake = await openGitHub();
    const hostile =
      "@octocat `|<img src=x onerror=1>--> <!-- part {} --> www.evil.example \u202e\n::error::x";
    const build = exampleBuild({
      tasks: [{ name: hostile.repeat(10_000), version: "v1.0" }],
      manifest: [{ kind: "symlink", path: hostile, mode: 0o777, target: hostile }],
    });
    const record = exampleRecord({ build, notices: [hostile] });
    recordFailure(
      record,
      new UserError("tasks-invalid", hostile, { problems: [{ message: hostile, file: hostile }] }),
    );
    const { reporter, notices } = reporterOf(fake, {
      run: runOf(fake, { pullRequest }),
      matrix: JSON.stringify({ name: hostile }),
    });
    await reporter.end(record);
    assert.deepEqual(notices, []);
    const shown = (fake.state.comments[0]?.body ?? "").replaceAll(
      /<!-- (?:workflow-release|part|section) \{.*?\} -->/g,
      "",
    );
    for (const bad of ["<img", "@octocat", "www.evil", "\u202e", "<!-- part {}"])
      assert(!shown.includes(bad), bad);
  });

  it("asks GitHub nothing where there is nothing to say", async () => {
    await using fake = await openGitHub();
    const { reporter } = reporterOf(fake);
    await reporter.end(exampleRecord());
    assert.deepEqual(fake.calls, []);
  });
});
