/**
 * What is served straight from streams answers as the Connect adapter does: the same requests go to two
 * listeners over the same services, one of them without the short way.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import http2 from "node:http2";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { RunnerService } from "../../src/api/gen/workflowrelease/v1/runner_pb.ts";
import { JobSchema } from "../../src/api/gen/workflows/v1/core_pb.ts";
import { JobService, SubmitJobRequestSchema } from "../../src/api/gen/workflows/v1/job_pb.ts";
import {
  NextTaskRequestSchema,
  NextTaskResponseSchema,
  TaskService,
} from "../../src/api/gen/workflows/v1/task_pb.ts";
import { authenticateByKey, createKey } from "../../src/server/auth.ts";
import { createServerFigures } from "../../src/server/figures.ts";
import { createFrequentMethods } from "../../src/server/frequent-methods.ts";
import { createGrpcUnary } from "../../src/server/grpc-unary.ts";
import { createJobServices } from "../../src/server/job-services.ts";
import { type Listener, startListener } from "../../src/server/listener.ts";
import { connectionLimits } from "../../src/server/protocol-servers.ts";
import { createRequestHandler } from "../../src/server/request-handler.ts";
import { createRoutes } from "../../src/server/routes.ts";
import { rpcLimits } from "../../src/server/rpc-limits.ts";
import { createRunnerState } from "../../src/server/runner-state.ts";
import { processTimers } from "../../src/server/timers.ts";
import { inTurn, newJob, task } from "../store/job-samples.ts";
import { openStoreUnderTest } from "../store/sqlite/open-store.ts";

const resources = new AsyncDisposableStack();
const path = "/workflows.v1.TaskService/NextTask";
let urls: { readonly adapter: string; readonly direct: string };
let key: string;
let submit: () => Promise<unknown>;
const failures: unknown[] = [];
const report = (failure: unknown) => failures.push(failure);

before(async () => {
  const under = resources.use(await openStoreUnderTest());
  const { store, clock } = under;
  key = (await createKey(store.keys, { name: "runner", role: "runner" }, randomBytes)).secret;
  submit = () => store.jobs.submitJob(newJob(inTurn([task("a")])));
  const runners = createRunnerState({ store, clock, timers: processTimers, report });
  resources.defer(() => runners.close());
  const services = createJobServices({ store, clock, random: randomBytes, runners, report });
  const authenticate = authenticateByKey(store.keys);
  const routes = createRoutes(services, { authenticate, report });
  const figures = createServerFigures();
  const handle = createRequestHandler({
    routes,
    httpRoutes: [],
    authenticate,
    report,
    figures,
    loopbackHostsOnly: false,
  });
  const options = {
    addresses: [{ kind: "tcp", host: "127.0.0.1", port: 0 }],
    handle,
    limits: connectionLimits,
  } as const;
  const adapter = await startListener(options);
  const methods = createFrequentMethods(store.jobs, runners, report);
  const serveStream = createGrpcUnary({
    methods,
    authenticate,
    limits: rpcLimits,
    report,
    figures: figures.rpcs,
  });
  const direct = await startListener({ ...options, serveStream });
  for (const listener of [adapter, direct]) resources.defer(() => listener.close(1_000));
  urls = { adapter: urlOf(adapter), direct: urlOf(direct) };
});
after(async () => {
  await resources.disposeAsync();
  assert.deepEqual(failures, []);
});

function urlOf({ addresses: [address] }: Listener): string {
  return address?.kind === "tcp" ? `http://127.0.0.1:${address.port}` : assert.fail("it listens nowhere");
}

test("the paths of the methods are those of the contract", async () => {
  await using under = await openStoreUnderTest();
  const { store, clock } = under;
  const runners = createRunnerState({ store, clock, timers: processTimers, report });
  const paths = [...createFrequentMethods(store.jobs, runners, report).keys()];
  runners.close();
  const { nextTask, taskFailed, extendTaskLease } = TaskService.method;
  const { nextTasks } = RunnerService.method;
  const methods = [JobService.method.submitJob, nextTasks, nextTask, taskFailed, extendTaskLease];
  assert.deepEqual(
    paths,
    methods.map(({ parent, name }) => `/${parent.typeName}/${name}`),
  );
});

interface Sent {
  readonly headers?: http2.OutgoingHttpHeaders;
  /** null: the message never comes. */
  readonly body?: Uint8Array | null;
}
interface Seen {
  readonly status: number | undefined;
  readonly contentType: string | undefined;
  readonly grpcStatus: string | undefined;
  readonly details: string | undefined;
  readonly message: Buffer;
}

async function exchange(url: string, { headers = {}, body = frame(idle) }: Sent): Promise<Seen> {
  const session = http2.connect(url);
  try {
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      authorization: `Bearer ${key}`,
      ...headers,
    });
    const { promise, resolve, reject } = Promise.withResolvers<Seen>();
    const chunks: Buffer[] = [];
    let head: http2.IncomingHttpHeaders = {};
    let trailers: http2.IncomingHttpHeaders = {};
    stream.on("response", (received) => {
      head = received;
    });
    stream.on("trailers", (received) => {
      trailers = received;
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("close", () => {
      const all = { ...head, ...trailers };
      resolve({
        status: Number(head[":status"]),
        contentType: head["content-type"],
        grpcStatus: all["grpc-status"]?.toString(),
        details: all["grpc-status-details-bin"]?.toString(),
        message: Buffer.concat(chunks),
      });
    });
    if (headers[":method"] !== "GET" && body !== null) stream.end(body);
    return await promise;
  } finally {
    session.destroy();
  }
}

function frame(message: Uint8Array, flags = 0, sizeBytes = message.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flags);
  prefix.writeUInt32BE(sizeBytes, 1);
  return Buffer.concat([prefix, message]);
}

const request = (name: string) =>
  toBinary(
    NextTaskRequestSchema,
    create(NextTaskRequestSchema, { nextTaskToRun: { identifiers: [{ name, version: "v1.0" }] } }),
  );
const idle = request("Nothing");
const submitPath = "/workflows.v1.JobService/SubmitJob";
const submission = (identifierPointer: bigint) =>
  toBinary(
    SubmitJobRequestSchema,
    create(SubmitJobRequestSchema, {
      jobName: "job",
      traceParent: "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
      tasks: {
        taskGroups: [
          {
            inputs: [new Uint8Array()],
            identifierPointers: [identifierPointer],
            clusterSlugPointers: [0n],
            displayPointers: [0n],
            maxRetriesValues: [0n],
          },
        ],
        clusterSlugLookup: [""],
        identifierLookup: [{ name: "Submitted", version: "v1.0" }],
        displayLookup: ["Submitted"],
      },
    }),
  );

const cases: readonly (readonly [name: string, sent: Sent, grpcStatus: string | undefined])[] = [
  ["a call", {}, "0"],
  ["the other name of the content type", { headers: { "content-type": "application/grpc+proto" } }, "0"],
  ["a long deadline", { headers: { "grpc-timeout": "99999999H" } }, "0"],
  ["no encoding, said aloud", { headers: { "grpc-encoding": "identity" } }, "0"],
  ["a compressed message", { headers: { "grpc-encoding": "gzip" }, body: frame(gzipSync(idle), 1) }, "0"],
  ["JSON", { headers: { "content-type": "application/grpc+json" }, body: frame(Buffer.from("{}")) }, "0"],
  ["an unknown encoding", { headers: { "grpc-encoding": "br" } }, "12"],
  ["a message that claims to be compressed", { body: frame(idle, 1) }, "13"],
  ["no key", { headers: { authorization: "" } }, "16"],
  ["a wrong key", { headers: { authorization: "Bearer wrong" } }, "16"],
  ["no message", { body: new Uint8Array() }, "12"],
  ["two messages", { body: Buffer.concat([frame(idle), frame(idle)]) }, "12"],
  ["half a prefix", { body: frame(idle).subarray(0, 3) }, "3"],
  ["half a message", { body: frame(idle).subarray(0, 8) }, "3"],
  ["bytes that are no such message", { body: frame(Buffer.from([0x0a, 0x7f, 1])) }, "13"],
  ["a message beyond the limit", { body: frame(idle, 0, rpcLimits.maxMessageBytes + 1) }, "8"],
  ["a deadline that is none", { headers: { "grpc-timeout": "soon" } }, "3"],
  ["a method that is none", { headers: { ":path": "/workflows.v1.TaskService/Next" } }, undefined],
  ["a job that is none", { headers: { ":path": submitPath }, body: frame(submission(7n)) }, "3"],
  ["a GET", { headers: { ":method": "GET" } }, undefined],
  ["another content type", { headers: { "content-type": "text/plain" } }, undefined],
];

describe("calls served from streams", () => {
  for (const [name, sent, grpcStatus] of cases) {
    test(`answer ${name} as the adapter does`, async () => {
      const [adapter, direct] = [await exchange(urls.adapter, sent), await exchange(urls.direct, sent)];
      assert.equal(direct.grpcStatus, grpcStatus);
      assert.deepEqual(direct, adapter);
    });
  }

  test("end with their deadline, also while the message is awaited", async () => {
    const { grpcStatus } = await exchange(urls.direct, { headers: { "grpc-timeout": "50m" }, body: null });
    assert.equal(grpcStatus, "4");
  });

  test("take a job as the adapter does", async () => {
    const sent = { headers: { ":path": submitPath }, body: frame(submission(0n)) };
    const [adapter, direct] = [await exchange(urls.adapter, sent), await exchange(urls.direct, sent)];
    const { id, submittedAt, ...job } = fromBinary(JobSchema, direct.message.subarray(5));
    assert.ok(id !== undefined && submittedAt !== undefined);
    const { id: _id, submittedAt: _at, ...other } = fromBinary(JobSchema, adapter.message.subarray(5));
    assert.deepEqual(job, other);
    assert.equal(job.name, "job");
  });

  test("hand out a task, byte for byte as the adapter would", async () => {
    await submit();
    const { message } = await exchange(urls.direct, { body: frame(request("Task")) });
    const { nextTask } = fromBinary(NextTaskResponseSchema, message.subarray(5));
    assert.deepEqual([nextTask?.display, nextTask?.identifier?.name], ["a", "Task"]);
    assert.equal(message.readUInt32BE(1), message.length - 5);
    assert.deepEqual(
      Buffer.from(toBinary(NextTaskResponseSchema, fromBinary(NextTaskResponseSchema, message.subarray(5)))),
      message.subarray(5),
    );
  });

  test("work with the client that connects runners", async () => {
    await submit();
    const transport = createGrpcTransport({
      baseUrl: urls.direct,
      defaultTimeoutMs: 5_000,
      interceptors: [
        (next) => (call) => {
          call.header.set("authorization", `Bearer ${key}`);
          return next(call);
        },
      ],
    });
    const client = createClient(TaskService, transport);
    const { nextTask } = await client.nextTask({
      nextTaskToRun: { identifiers: [{ name: "Task", version: "v1.0" }] },
    });
    const lease = await client.extendTaskLease({ taskId: nextTask?.id, requestedLease: { seconds: 30n } });
    assert.equal(lease.lease?.seconds, 30n);
    const { state } = await client.taskFailed({ taskId: nextTask?.id, wasWorkflowError: true });
    assert.equal(state, 4);
  });

  test("a caller that goes away leaves its task to the next one", async () => {
    const session = http2.connect(urls.direct);
    const ask = (body: Uint8Array) => {
      const stream = session.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        authorization: `Bearer ${key}`,
      });
      stream.on("error", () => {});
      stream.end(body);
      return stream;
    };
    const gone = ask(frame(request("Task")));
    gone.close(http2.constants.NGHTTP2_CANCEL);
    session.close();
    await submit();
    const { message } = await exchange(urls.direct, { body: frame(request("Task")) });
    assert.ok(fromBinary(NextTaskResponseSchema, message.subarray(5)).nextTask);
  });
});
