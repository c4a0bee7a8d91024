import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import type { HttpApiClient } from "../../../src/api/client.ts";
import { SystemError } from "../../../src/errors.ts";
import { submitJob } from "../../../src/jobs/submit.ts";
import type { Gate } from "../../../src/release/gates/gate.ts";
import { startControlPlane, type TestControlPlane } from "../../support/control-plane.ts";
import { deployRelease, type MadeRelease, publishEmpty } from "../../support/deployed-release.ts";
import { type GateSetting, tryGates } from "../../support/gate-context.ts";
import { VirtualWorld } from "../../support/virtual-world.ts";

const minuteMs = 60_000;
const soak: Gate = { kind: "soak", minutes: 10 };
const world = new VirtualWorld(Date.UTC(2026, 0, 1));
const never = new AbortController().signal;

let server: TestControlPlane;
let api: HttpApiClient;
let release: MadeRelease;

before(async () => {
  server = await startControlPlane("none", world.clock);
  api = await server.client();
  release = await publishEmpty(api, "soaked", [{ name: "soaked/Run", version: "v1.2" }]);
});
after(async () => {
  api[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
  assert.deepEqual(server.failures, []);
});

async function clusterWithRelease(name: string): Promise<GateSetting> {
  await api.workflows.createCluster({ name, slug: name });
  await deployRelease(api, release, name);
  return { api, cluster: name, world, deployedAtMs: world.clock() };
}

/** A job of one task that ends as it is told, as some runner would run it. */
async function runTask(
  cluster: string,
  name: string,
  end: "computed" | "failed",
  maxRetries = 0,
): Promise<void> {
  const task = { name, version: "v1.0" };
  const job = { name: `job of ${name}`, task, input: new Uint8Array(), cluster, maxRetries };
  await submitJob(api, job, randomBytes, never);
  const { nextTask } = await api.tasks.nextTask({
    nextTaskToRun: { clusterSlug: cluster, identifiers: [{ name, version: "v1.2" }] },
  });
  assert.ok(nextTask?.id);
  if (end === "computed") await api.tasks.nextTask({ computedTask: { id: nextTask.id } });
  else await api.tasks.taskFailed({ taskId: nextTask.id, display: "Run", wasWorkflowError: true });
}

test("no task of the release fails for so long since the deployment", async () => {
  const setting = await clusterWithRelease("quiet");
  world.after(minuteMs, () => runTask("quiet", "soaked/Run", "computed"));
  world.after(2 * minuteMs, () => runTask("quiet", "other/Run", "failed"));
  world.after(3 * minuteMs, () => runTask("quiet", "soaked/Run", "failed", 1));
  const { results, lines } = await tryGates([soak], release, setting);
  assert.deepEqual(
    results.map(({ outcome, message }) => `${outcome}: ${message}`),
    ["passed: no task failed in 10 minutes; 2 jobs had tasks that ended"],
  );
  assert.equal(results[0]?.tookMs, 10 * minuteMs);
  assert.equal(lines[0], "  quiet soak: waiting for 10 minutes without a failed task, 10 min 0 s left");
  assert.ok(lines.length > 20 && lines.length <= 41, String(lines.length));
});

test("what failed before the deployment does not count, what fails after it does, soon", async () => {
  await api.workflows.createCluster({ name: "loud", slug: "loud" });
  await runTask("loud", "soaked/Run", "failed");
  await deployRelease(api, release, "loud");
  await world.sleep(1_000, never);
  const setting = { api, cluster: "loud", world, deployedAtMs: world.clock() };
  world.after(4 * minuteMs, () => runTask("loud", "soaked/Run", "failed"));
  const { results } = await tryGates([soak], release, setting);
  const [result] = results;
  assert.equal(result?.reason, "task-failed");
  assert.match(result?.message ?? "", /^job \S+ failed$/);
  assert.equal(result?.problems[0]?.message, "Run: ");
  assert.ok((result?.tookMs ?? 0) >= 4 * minuteMs && (result?.tookMs ?? 0) < 5 * minuteMs);
});

test("nothing that ran proves nothing, and is said", async () => {
  const setting = await clusterWithRelease("idle");
  const { results, lines } = await tryGates([soak], release, setting);
  assert.equal(results[0]?.outcome, "passed");
  assert.equal(lines.at(-1), "warning: idle soak: no job of this release had a task on idle meanwhile");
});

test("a release that is replaced meanwhile has not been soaked", async () => {
  const setting = await clusterWithRelease("taken");
  const other = await publishEmpty(api, "soaked", [{ name: "soaked/Run", version: "v1.3" }]);
  world.after(minuteMs, () => deployRelease(api, other, "taken"));
  const { results } = await tryGates([soak], release, setting);
  assert.equal(results[0]?.reason, "release-replaced");
});

test("a soak for which there is no time fails at once", async () => {
  const setting = await clusterWithRelease("late");
  const limits = { readyMs: 1, smokeMs: 1, replayMs: 1, endsAtMs: world.clock() + 9 * minuteMs };
  const { results } = await tryGates([soak], release, { ...setting, limits });
  assert.deepEqual([results[0]?.reason, results[0]?.tookMs], ["time-too-short", 0]);
});

test("a control plane that is gone is not waited for without end", async () => {
  const setting = await clusterWithRelease("gone");
  const workflows: HttpApiClient["workflows"] = {
    ...api.workflows,
    getCluster: () => Promise.reject(new SystemError("api-unreachable", "plane:1 cannot be reached")),
  };
  const limits = { readyMs: 1, smokeMs: 1, replayMs: 1, endsAtMs: Number.POSITIVE_INFINITY };
  const { results } = await tryGates([soak], release, { ...setting, api: { ...api, workflows }, limits });
  assert.equal(results[0]?.reason, "control-plane-failed");
  assert.equal(results[0]?.tookMs, minuteMs);
});

test("a job whose submission is not answered is found instead of submitted again", async () => {
  const { cluster } = await clusterWithRelease("lossy");
  let lost = 0;
  const jobs: HttpApiClient["jobs"] = {
    ...api.jobs,
    async submitJob(request, options) {
      const job = await api.jobs.submitJob(request, options);
      if (lost++ > 0) return job;
      throw new SystemError("api-timeout", "no answer");
    },
  };
  const task = { task: { name: "soaked/Run", version: "v1.0" }, input: { kind: "json" as const, text: "" } };
  const listRunners = async () => undefined;
  const { results } = await tryGates([{ kind: "smoke", task }], release, {
    api: { ...api, jobs, listRunners },
    cluster,
    world,
    limits: { readyMs: minuteMs, smokeMs: minuteMs, replayMs: 1, endsAtMs: Number.POSITIVE_INFINITY },
  });
  assert.deepEqual([results[0]?.reason, results[0]?.jobs.length, lost], ["no-runner", 1, 1]);
  const { jobs: found } = await api.jobs.queryJobs({ filters: { clusterSlugs: [cluster] } });
  assert.deepEqual(
    found.map(({ canceled }) => canceled),
    [true],
  );
});
