import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import { after, before, describe, test } from "node:test";
import { createApiClient, type HttpApiClient } from "../../src/api/client.ts";
import { verifyArchive } from "../../src/artifact/verify.ts";
import { openControlPlane } from "../../src/server/control-plane.ts";
import { durationBounds } from "../../src/server/figures.ts";
import { metricPrefix, metricTable } from "../../src/server/metric-table.ts";
import { packOneFile } from "../support/archives.ts";
import { createAuthority } from "../support/certificates.ts";
import { startControlPlane, type TestControlPlane } from "../support/control-plane.ts";
import { errorOf } from "../support/errors.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { submission } from "./services/jobs-under-test.ts";

const identifier = { name: "Task", version: "v1.0" };

/** By `name{label="value"}`, as they stand there. */
type Figures = ReadonlyMap<string, number>;

/** Fails for a line that Prometheus' text format does not have. */
function parse(text: string): Figures {
  const figures = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line === "" || /^# (HELP|TYPE) [a-z0-9_]+ \S/.test(line)) continue;
    const found = /^([a-z0-9_]+(?:\{[a-zA-Z_]+="[^"]*"(?:,[a-zA-Z_]+="[^"]*")*\})?) ([0-9.e+-]+|Nan)$/.exec(
      line,
    );
    assert.ok(found?.[1], line);
    assert.ok(!figures.has(found[1]), `${found[1]} stands there twice`);
    figures.set(found[1], Number(found[2]));
  }
  return figures;
}

/** When everything else that was asked has been counted, which is a little after it was answered. */
async function scrape(url: string, key?: string): Promise<Figures> {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  for (;;) {
    const response = await fetch(`${url}/metrics`, { headers });
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
    const figures = parse(await response.text());
    const inProgress = [...figures].filter(([name]) => /s_in_progress\{/.test(name));
    if (inProgress.reduce((sum, [, calls]) => sum + calls, 0) === 1) return figures;
  }
}

const count = (figures: Figures, labels: string, name = "rpc_duration_seconds") =>
  figures.get(`${metricPrefix}${name}_count{${labels}}`);

describe("/metrics", () => {
  let server: TestControlPlane;
  let api: HttpApiClient;
  let grpc: HttpApiClient;
  let key: string;
  const own = (figures: Figures, rest: string) => figures.get(metricPrefix + rest);

  before(async () => {
    server = await startControlPlane();
    key = await server.createKey("runner");
    api = await server.client("admin");
    grpc = await server.client("runner", { protocol: "grpc" });
  });
  after(async () => {
    for (const client of [api, grpc]) client[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
  });

  test("asks for a key of any role", async () => {
    assert.equal((await fetch(`${server.url}/metrics`)).status, 401);
    await scrape(server.url, key);
    await scrape(server.url, await server.createKey("admin"));
  });

  test("has a row for everything that is documented, and what the process uses", async () => {
    const text = await (
      await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${key}` } })
    ).text();
    for (const [name, { type, help }] of Object.entries(metricTable)) {
      assert.ok(
        text.includes(`# HELP ${metricPrefix}${name} ${help}\n# TYPE ${metricPrefix}${name} ${type}\n`),
      );
    }
    for (const name of [
      "process_resident_memory_bytes",
      "process_start_time_seconds",
      "nodejs_eventloop_lag_seconds",
    ]) {
      assert.match(text, new RegExp(`^${name} `, "m"));
    }
    assert.match(
      text,
      /^workflow_release_build_info\{version="\d+\.\d+\.\d+",node_version="v\d+[^"]*"\} 1$/m,
    );
  });

  test("counts calls by method and code in every protocol, and none that is not served", async () => {
    const before = await scrape(server.url, key);
    const submit = 'method="workflows.v1.JobService/SubmitJob"';
    const next = 'method="workflows.v1.TaskService/NextTask"';
    const create = 'method="workflows.v1.WorkflowsService/CreateWorkflow"';
    await api.jobs.submitJob(submission(["a", "b"]));
    await grpc.jobs.submitJob(submission(["c"]));
    for (const client of [api, grpc]) {
      await client.tasks.nextTask({ nextTaskToRun: { identifiers: [identifier] } });
    }
    for (const client of [api, grpc]) {
      await assert.rejects(client.jobs.submitJob({ jobName: "none" }), errorOf("request-invalid"));
    }
    await assert.rejects(
      grpc.workflows.createWorkflow({ name: "Secret Name" }),
      errorOf("permission-denied"),
    );
    await fetch(`${server.url}/workflows.v1.JobService/Invented`, { method: "POST" });
    await fetch(`${server.url}/invented`);
    const figures = await scrape(server.url, key);
    const grown = (labels: string) => (count(figures, labels) ?? 0) - (count(before, labels) ?? 0);
    assert.equal(grown(`${submit},code="OK"`), 2);
    assert.equal(grown(`${submit},code="InvalidArgument"`), 2);
    assert.equal(grown(`${next},code="OK"`), 2);
    assert.equal(grown(`${create},code="PermissionDenied"`), 1);
    assert.equal(count(figures, 'route="other",status="404"', "http_request_duration_seconds"), 2);
    assert.equal(own(figures, 'rpcs_in_progress{method="workflows.v1.JobService/SubmitJob"}'), 0);
    assert.equal(own(figures, "tasks_claimed_total"), 2);
    assert.deepEqual(
      [...figures.keys()].filter((name) => /invented|secret/i.test(name)),
      [],
    );
  });

  test("adds durations up as Prometheus reads them", async () => {
    await api.workflows.listClusters({});
    const figures = await scrape(server.url, key);
    const labels = 'method="workflows.v1.WorkflowsService/ListClusters",code="OK"';
    const name = `${metricPrefix}rpc_duration_seconds`;
    const buckets = [...durationBounds, "+Inf"].map(
      (le) => figures.get(`${name}_bucket{le="${le}",${labels}}`) ?? assert.fail(`no bucket ${le}`),
    );
    assert.deepEqual(
      buckets,
      buckets.toSorted((a, b) => a - b),
    );
    assert.equal(buckets.at(-1), figures.get(`${name}_count{${labels}}`));
    const sum = figures.get(`${name}_sum{${labels}}`) ?? 0;
    assert.ok(sum > 0 && sum < 60);
  });

  test("counts artifacts, what is written, and connections", async () => {
    await using folder = await createScratchFolder();
    const archive = await packOneFile(folder, "print('figures')");
    await api.uploadArtifact(archive);
    const { archive: stream } = await api.downloadArtifact(archive.digest, 1_000_000);
    await stream.toArray();
    const figures = await scrape(server.url, key);
    assert.equal(own(figures, "artifact_received_bytes_total"), archive.bytes.length);
    assert.equal(own(figures, "artifact_sent_bytes_total"), archive.bytes.length);
    const route = (name: string, status: number) =>
      count(
        figures,
        `route="${name} /artifacts/{digest}",status="${status}"`,
        "http_request_duration_seconds",
      );
    assert.deepEqual([route("PUT", 201), route("GET", 200)], [1, 1]);
    const written = own(figures, 'store_operations_total{lane="all"}') ?? 0;
    const commits = count(figures, 'lane="all",outcome="committed"', "store_commit_duration_seconds") ?? 0;
    assert.ok(commits > 0 && written >= commits);
    assert.ok((own(figures, "connections") ?? 0) >= 1);
    assert.equal(own(figures, "connections_limit"), 1_000);
    assert.equal(own(figures, "tls_certificate_not_after_timestamp_seconds"), undefined);
  });

  test("answers while the store does not, and says so", async () => {
    assert.equal(own(await scrape(server.url, key), "store_up"), 1);
    await using closed = await startControlPlane("none");
    await closed.plane.store.close();
    const figures = await scrape(closed.url);
    assert.equal(own(figures, "store_up"), 0);
    assert.equal(own(figures, 'open_jobs{state="submitted"}'), undefined);
  });
});

test("/metrics says how PostgreSQL's connections and lanes are used", async () => {
  using server = await startPostgres({ durable: false });
  await using folder = await createScratchFolder();
  const plane = await openControlPlane({
    dataFolder: folder.path,
    database: await server.createDatabase("metrics"),
    clock: Date.now,
    random: randomBytes,
    verify: verifyArchive,
    report: ({ error }) => assert.fail(String(error)),
  });
  await using _ = { [Symbol.asyncDispose]: () => plane.close(0) };
  const { addresses } = await plane.listen([{ kind: "tcp", host: "127.0.0.1", port: 0 }], "none");
  const [address] = addresses;
  const url = `http://127.0.0.1:${address?.kind === "tcp" ? address.port : 0}`;
  using api = await createApiClient({ url, apiKey: undefined, env: {} });
  await api.jobs.submitJob(submission(["a"]));
  const figures = await scrape(url);
  const own = (rest: string) => figures.get(metricPrefix + rest);
  assert.equal(own('database_connections_limit{pool="writers"}'), 4);
  assert.equal(own('database_waiting{pool="readers"}'), 0);
  assert.ok((own('database_connections{pool="writers",state="idle"}') ?? 0) >= 1);
  assert.ok((own('store_operations_total{lane="jobs"}') ?? 0) >= 1);
  assert.equal(own('open_jobs{state="submitted"}'), 1);
  assert.equal(own('open_tasks{state="queued"}'), 1);
  const submittedAt = own("oldest_waiting_job_timestamp_seconds") ?? 0;
  assert.ok(Math.abs(submittedAt - Date.now() / 1_000) < 60);
});

test("/metrics over TLS says when the certificate in use ends, also when it was replaced", async () => {
  await using folder = await createScratchFolder();
  const authority = await createAuthority();
  const pair = await authority.issue();
  const certificates = {
    current: { ...pair, names: "", validFromMs: 0, validToMs: 1_800_000_000_000 },
    onReplaced: () => {},
    [Symbol.dispose]: () => {},
  };
  const plane = await openControlPlane({
    dataFolder: folder.path,
    clock: Date.now,
    random: randomBytes,
    verify: verifyArchive,
    report: ({ error }) => assert.fail(String(error)),
  });
  await using _ = { [Symbol.asyncDispose]: () => plane.close(0) };
  const address = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;
  const [listening] = (await plane.listen([address], "none", certificates)).addresses;
  const port = listening?.kind === "tcp" ? listening.port : 0;
  const endSeconds = async () => {
    const response = await new Promise<IncomingMessage>((resolve, reject) =>
      https
        .get({ port, path: "/metrics", host: "localhost", ca: authority.root, agent: false }, resolve)
        .once("error", reject),
    );
    const text = Buffer.concat(await response.toArray()).toString();
    return parse(text).get(`${metricPrefix}tls_certificate_not_after_timestamp_seconds`);
  };
  assert.equal(await endSeconds(), 1_800_000_000);
  certificates.current = { ...certificates.current, validToMs: 1_900_000_000_000 };
  assert.equal(await endSeconds(), 1_900_000_000);
});
