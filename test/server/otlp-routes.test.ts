/** Telemetry over plain HTTP, and what of it the query service answers. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import type { ApiClient } from "../../src/api/client.ts";
import { ExportLogsServiceRequestSchema } from "../../src/api/gen/opentelemetry/proto/collector/logs/v1/logs_service_pb.ts";
import { ExportTraceServiceRequestSchema } from "../../src/api/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import type { SeverityNumber } from "../../src/api/gen/opentelemetry/proto/logs/v1/logs_pb.ts";
import { SortDirection } from "../../src/api/gen/tilebox/v1/query_pb.ts";
import { LogSeverityGroup } from "../../src/api/gen/workflows/v1/telemetry_pb.ts";
import { startControlPlane, type TestControlPlane } from "../support/control-plane.ts";
import { submission } from "./services/jobs-under-test.ts";

let server: TestControlPlane;
let key: string;
let api: ApiClient;

before(async () => {
  server = await startControlPlane();
  key = await server.createKey("runner");
  api = await server.client("runner");
});
after(async () => {
  api[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
  assert.deepEqual(server.failures, []);
});

function post(path: string, body: Uint8Array, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(server.url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/x-protobuf", ...headers },
    body: Buffer.from(body),
  });
}

const text = (value: string) => ({ value: { case: "stringValue" as const, value } });
const resource = { attributes: [{ key: "service.name", value: text("worker") }] };
const traceId = Buffer.from("0123456789abcdef0123456789abcdef", "hex");

function logs(
  ...records: readonly {
    readonly body: string;
    readonly severity: SeverityNumber;
    readonly seconds: number;
  }[]
) {
  return toBinary(
    ExportLogsServiceRequestSchema,
    create(ExportLogsServiceRequestSchema, {
      resourceLogs: [
        {
          resource,
          scopeLogs: [
            {
              scope: { name: "tests" },
              logRecords: records.map(({ body, severity, seconds }) => ({
                body: text(body),
                severityNumber: severity,
                timeUnixNano: BigInt(seconds) * 1_000_000_000n,
                traceId,
              })),
            },
          ],
        },
      ],
    }),
  );
}

describe("telemetry", () => {
  test("that exporters send is answered to those who ask for the job's", async () => {
    const { id: jobId } = await api.jobs.submitJob(submission(["a"]));
    const sent = logs(
      { body: "second", severity: 17, seconds: 20 },
      { body: "first", severity: 9, seconds: 10 },
      { body: "third", severity: 5, seconds: 30 },
    );
    const response = await post("/v1/logs", sent);
    assert.deepEqual([response.status, (await response.arrayBuffer()).byteLength], [200, 0]);
    const all = await api.telemetry.queryJobLogs({ jobId });
    const bodies = (answer: typeof all) =>
      answer.resourceLogs.map((entry) => {
        assert.equal(entry.resource?.attributes[0]?.key, "service.name");
        assert.equal(entry.scopeLogs.length, 1);
        const [scope] = entry.scopeLogs;
        assert.deepEqual([scope?.scope?.name, scope?.logRecords.length], ["tests", 1]);
        return scope?.logRecords[0]?.body?.value.value;
      });
    assert.deepEqual(bodies(all), ["first", "second", "third"]);
    const page = await api.telemetry.queryJobLogs({
      jobId,
      page: { limit: 2n },
      sortDirection: SortDirection.DESCENDING,
    });
    assert.deepEqual(bodies(page), ["third", "second"]);
    const rest = await api.telemetry.queryJobLogs({
      jobId,
      page: page.nextPage,
      sortDirection: SortDirection.DESCENDING,
    });
    assert.deepEqual([bodies(rest), rest.nextPage], [["first"], undefined]);
    const filters = { severityLevels: [LogSeverityGroup.ERROR, LogSeverityGroup.DEBUG] };
    assert.deepEqual(bodies(await api.telemetry.queryJobLogs({ jobId, filters })), ["second", "third"]);
    const timeInterval = { startTime: { seconds: 10n, nanos: 0 }, endTime: { seconds: 20n, nanos: 0 } };
    assert.deepEqual(bodies(await api.telemetry.queryLogsInInterval({ timeInterval })), ["first"]);
    const counts = await api.telemetry.getLogMessageCounts({ timeInterval: {} });
    assert.equal(counts.totalMessages, 3n);
    assert.deepEqual(
      counts.counts.map(({ severity, count }) => [severity, count]),
      [
        [LogSeverityGroup.DEBUG, 1n],
        [LogSeverityGroup.INFO, 1n],
        [LogSeverityGroup.ERROR, 1n],
      ],
    );
  });

  test("spans come back with everything they had", async () => {
    const { id: jobId } = await api.jobs.submitJob(submission(["a"]));
    const { nextTask } = await api.tasks.nextTask({
      nextTaskToRun: { identifiers: [{ name: "Task", version: "v1.0" }] },
    });
    const uuid = Buffer.from(nextTask?.id?.uuid ?? []).toString("hex");
    const taskId = uuid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    const events = [
      { name: "exception", attributes: [{ key: "exception.stacktrace", value: text("Traceback") }] },
    ];
    const request = create(ExportTraceServiceRequestSchema, {
      resourceSpans: [
        {
          resource,
          scopeSpans: [
            {
              spans: [
                {
                  name: "task/A",
                  traceId,
                  attributes: [{ key: "task_id", value: text(taskId) }],
                  events,
                  status: { code: 2 },
                },
                { name: "of nobody", traceId: new Uint8Array(16).fill(9) },
              ],
            },
          ],
        },
      ],
    });
    const body = toBinary(ExportTraceServiceRequestSchema, request);
    const response = await post("/v1/traces", gzipSync(body), { "content-encoding": "gzip" });
    assert.equal(response.status, 200);
    const { resourceSpans } = await api.telemetry.queryJobSpans({
      jobId: nextTask?.job?.id,
      taskId: nextTask?.id,
    });
    const [span, ...others] = resourceSpans.map((entry) => entry.scopeSpans[0]?.spans[0]);
    assert.equal(others.length, 0);
    assert.deepEqual([span?.name, span?.status?.code], ["task/A", 2]);
    assert.equal(span?.events[0]?.attributes[0]?.value?.value.value, "Traceback");
    assert.ok(jobId);
  });

  test("is refused without a key, in another form, too large or broken", async () => {
    const body = logs({ body: "x", severity: 9, seconds: 1 });
    const refusals: readonly (readonly [number, Promise<Response>])[] = [
      [401, post("/v1/logs", body, { authorization: "" })],
      [400, post("/v1/logs", Buffer.from("{}"), { "content-type": "application/json" })],
      [400, post("/v1/logs", Buffer.from([0x0a, 0x7f, 1]))],
      [400, post("/v1/logs", body, { "content-encoding": "br" })],
      [400, post("/v1/logs", body, { "content-encoding": "gzip" })],
      [400, post("/v1/logs", Buffer.alloc(17 * 1024 * 1024))],
      [400, post("/v1/traces", gzipSync(Buffer.alloc(64 * 1024 * 1024)), { "content-encoding": "gzip" })],
    ];
    for (const [status, response] of refusals) assert.equal((await response).status, status);
    assert.equal(
      (await fetch(`${server.url}/v1/logs`, { headers: { authorization: `Bearer ${key}` } })).status,
      405,
    );
    assert.equal((await post("/v1/logs", body)).status, 200);
  });
});
