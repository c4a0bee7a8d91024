import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { SystemError } from "../../../src/errors.ts";
import type { Gate, GateResult } from "../../../src/release/gates/gate.ts";
import { deployRelease, type MadeRelease, undeployRelease } from "../../support/deployed-release.ts";
import { tryGates, unrulyTask } from "../../support/gate-context.ts";
import { servePublicApi } from "../../support/public-api-proxy.ts";
import { createRunnerStage, type RunnerStage } from "../../support/runner-stage.ts";
import { effectsFile, unruly } from "../../support/unruly.ts";

let stage: RunnerStage;
before(async () => {
  stage = await createRunnerStage();
});
after(() => stage[Symbol.asyncDispose]());

const ready: Gate = { kind: "ready", task: undefined };
const smoke = (name: string, input?: unknown): Gate => ({ kind: "smoke", task: unrulyTask(name, input) });
const short = { readyMs: 700, smokeMs: 2_500, replayMs: 700, endsAtMs: Number.POSITIVE_INFINITY };

function only(results: readonly GateResult[]): GateResult {
  const [result] = results;
  assert.ok(result);
  assert.equal(results.length, 1);
  return result;
}

test("without a runner nothing is ready, and later gates are not run", async () => {
  const cluster = await stage.cluster("empty", stage.release);
  const api = stage.admin;
  const { results, lines } = await tryGates([ready, smoke("Nothing")], stage.release, {
    api,
    cluster,
    limits: short,
  });
  const { gate, outcome, reason, message, next, jobs } = only(results);
  assert.deepEqual(
    { gate, outcome, reason, jobs },
    { gate: "ready", outcome: "failed", reason: "no-runner", jobs: [] },
  );
  assert.equal(message, "there was no time left to wait for a runner on empty");
  assert.match(next ?? "", /workflow-release runner --cluster empty/);
  assert.match(lines.join("\n"), /^ {2}empty ready: waiting for a runner on empty, \d+ ms left$/);
});

test("a release that the cluster does not have any more proves nothing", async () => {
  const cluster = await stage.cluster("other");
  const { results } = await tryGates([ready], stage.release, { api: stage.admin, cluster });
  assert.equal(only(results).reason, "release-replaced");
  assert.match(only(results).message, /other has no release of unruly, not /);
});

test("a release that is loaded is ready, its jobs complete or say where they failed", async () => {
  const cluster = await stage.cluster("dev", stage.release);
  await using _runner = await stage.runner(cluster);
  const setting = { api: stage.admin, cluster };
  const effects = effectsFile(stage.folder);

  const good = await tryGates(
    [ready, smoke("Tree", { effects, width: 2, seconds: 0 })],
    stage.release,
    setting,
  );
  assert.deepEqual(
    good.results.map(({ gate, outcome }) => `${gate} ${outcome}`),
    ["ready passed", "smoke passed"],
  );
  assert.match(good.results[0]?.message ?? "", /^loaded by runner [0-9a-f]{8} \(runner-\d+\)$/);
  assert.match(good.results[1]?.message ?? "", /^job \S+ completed: 4 tasks in /);
  assert.deepEqual(
    good.results[1]?.jobs.map(({ outcome, tasks }) => ({ outcome, tasks })),
    [{ outcome: "completed", tasks: 4 }],
  );

  const bad = await tryGates([smoke("Misbehave", { effects, how: "raise_error" })], stage.release, {
    ...setting,
    project: { root: "/checkout/flows", repositoryRoot: "/checkout" },
  });
  const { reason, problems, tree, jobs } = only(bad.results);
  assert.equal(reason, "task-failed");
  assert.equal(problems[0]?.file, "flows/unruly.py");
  assert.match(problems[0]?.message ?? "", /ValueError: on purpose[\s\S]*File "unruly\.py", line/);
  assert.ok((problems[0]?.line ?? 0) > 100);
  assert.equal(tree?.roots[0]?.state, "failed");
  assert.equal(jobs[0]?.outcome, "failed");

  const unknown = await tryGates([smoke("Nothin")], stage.release, setting);
  assert.equal(only(unknown.results).reason, "task-not-offered");
  assert.equal(only(unknown.results).problems[0]?.hint, "unruly/Nothing@v1.0?");

  const stuck = await tryGates([smoke("Summon")], stage.release, setting);
  assert.equal(only(stuck.results).reason, "task-not-offered");
  assert.match(only(stuck.results).message, /no release on the cluster dev has a task unruly\/Ghost/);
  assert.equal(only(stuck.results).jobs[0]?.outcome, "unended");

  await stage.submit(cluster, "Note", { effects, label: "long", seconds: 4 });
  const busy = await tryGates([smoke("Nothing")], stage.release, { ...setting, limits: short });
  assert.equal(only(busy.results).reason, "queue-busy");
  assert.match(busy.lines.join("\n"), /job \S+: its turn, 1 other running on dev, \S+ (?:s|ms) left/);
  const [last] = (await stage.admin.jobs.queryJobs({ filters: { name: "smoke gate" } })).jobs;
  assert.equal(last?.canceled, true);
});

test("an abort cancels the gate's job", async () => {
  const cluster = await stage.cluster("abort", stage.release);
  await using _runner = await stage.runner(cluster);
  const effects = effectsFile(stage.folder);
  const abort = new AbortController();
  const reason = new SystemError("interrupted", "Stopped by a test");
  const trial = tryGates([smoke("Note", { effects, label: "long", seconds: 3 })], stage.release, {
    api: stage.admin,
    cluster,
    signal: abort.signal,
    log: {
      info: (line) => {
        if (line.includes("1 running")) abort.abort(reason);
      },
      notice: () => {},
      warning: assert.fail,
      group: (_title, work) => work(),
    },
  });
  await assert.rejects(trial, reason);
  const { jobs } = await stage.admin.jobs.queryJobs({ filters: { clusterSlugs: [cluster] } });
  assert.deepEqual(
    jobs.map(({ canceled }) => canceled),
    [true],
  );
});

test("a runner that cannot load the release fails the gate at once, with its reason", async () => {
  const broken: MadeRelease = await stage.publish(
    "unruly",
    {
      "unruly.py": (text) =>
        text.replace("import ctypes", "raise RuntimeError('no such luck')\nimport ctypes"),
    },
    { ...unruly, workflow: "broken" },
  );
  const cluster = await stage.cluster("broken", broken);
  await using _runner = await stage.runner(cluster);
  const { results } = await tryGates([ready], broken, { api: stage.admin, cluster });
  const { reason, problems, next } = only(results);
  assert.equal(reason, "release-refused");
  assert.match(problems[0]?.message ?? "", /^runner [0-9a-f]{8} \(runner-\d+\): .+/);
  assert.ok(next);
});

test("production jobs are run again on dev and compared", async () => {
  const production = await stage.cluster("prod", stage.release);
  const effects = effectsFile(stage.folder);
  {
    await using _runner = await stage.runner(production);
    const jobs = [
      await stage.submit(production, "Nothing", {}),
      await stage.submit(production, "Misbehave", { effects, how: "raise_error" }),
      await stage.submit(production, "Tree", { effects, width: 1, seconds: 0 }),
      await stage.submit(production, "Nothing", {}),
    ];
    for (const job of jobs) await stage.end(job);
    await tryGates([smoke("Nothing")], stage.release, {
      api: stage.admin,
      cluster: production,
      stage: "production",
    });
  }
  const cluster = await stage.cluster("rehearsed", stage.release);
  await using _runner = await stage.runner(cluster);
  const setting = { api: stage.admin, cluster, productionClusters: [production] };
  const { results, lines } = await tryGates([{ kind: "replay", jobs: 2, of: [] }], stage.release, setting);
  const { outcome, jobs, message } = only(results);
  assert.equal(outcome, "passed");
  assert.equal(message, "2 jobs of prod completed again");
  assert.deepEqual(
    jobs.map(({ tasks, original }) => [tasks, original?.tasks]),
    [
      [1, 1],
      [3, 3],
    ],
  );
  assert.equal(lines.filter((line) => /clone of \S+: \d tasks, .* instead of /.test(line)).length, 2);

  const all = await tryGates([{ kind: "replay", jobs: 9, of: [] }], stage.release, setting);
  assert.equal(
    only(all.results).message,
    "3 jobs of prod completed again, all that there are of the 9 asked for",
  );

  const unused = await stage.cluster("unused");
  const none = await tryGates([{ kind: "replay", jobs: 1, of: [unused] }], stage.release, setting);
  assert.equal(only(none.results).outcome, "passed");
  assert.match(none.lines.join("\n"), /warning: rehearsed replay: unused has no completed job/);
  const unknown = await tryGates([{ kind: "replay", jobs: 1, of: ["unsed"] }], stage.release, setting);
  assert.equal(only(unknown.results).reason, "control-plane-failed");
  assert.match(only(unknown.results).message, /unsed/);
  const inProduction = await tryGates([{ kind: "replay", jobs: 1, of: [] }], stage.release, {
    ...setting,
    stage: "production",
  });
  assert.deepEqual(inProduction.results, []);
});

test("where runners are not listed, a claimed task proves that there is one", async () => {
  await using hosted = await servePublicApi(stage.server.url);
  await using api = await stage.server.client("admin", { url: hosted.url });
  const cluster = await stage.cluster("hosted", stage.release);
  const setting = { api, cluster };

  const missing = await tryGates([ready], stage.release, setting);
  assert.equal(only(missing.results).reason, "smoke-task-missing");

  const task = unrulyTask("Nothing", undefined);
  const alone = await tryGates([{ kind: "ready", task }], stage.release, { ...setting, limits: short });
  assert.equal(only(alone.results).reason, "task-not-claimed");

  await using _runner = await stage.runner(cluster);
  const both = await tryGates(
    [
      { kind: "ready", task },
      { kind: "smoke", task },
    ],
    stage.release,
    setting,
  );
  assert.deepEqual(
    both.results.map(({ outcome, jobs }) => `${outcome} ${jobs.length}`),
    ["passed 0", "passed 1"],
  );
  await undeployRelease(stage.admin, stage.release, cluster);
  await deployRelease(stage.admin, stage.release, cluster);
});
