/** What a client does when a server says with HTTP/2's own words that it did not read a request. */
import assert from "node:assert/strict";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { createApiClient, type HttpApiClient } from "../../src/api/client.ts";
import { JobSchema } from "../../src/api/gen/workflows/v1/core_pb.ts";

let server: http2.Http2Server;
let api: HttpApiClient;
/** The codes that the next streams are closed with; then they are answered. */
let closeWith: number[];
let calls: number;

before(async () => {
  server = http2.createServer();
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    calls++;
    const code = closeWith.shift();
    if (code !== undefined) return stream.close(code);
    stream.respond({ ":status": 200, "content-type": "application/grpc+proto" }, { waitForTrailers: true });
    stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    const message = toBinary(JobSchema, create(JobSchema, { name: "submitted" }));
    stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  api = await createApiClient({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey: undefined,
    env: {},
    protocol: "grpc",
    retryPolicy: { attempts: 3, firstDelayMs: 1, delayFactor: 1, maxDelayMs: 1, totalMs: 10_000 },
  });
});
after(async () => {
  api[Symbol.dispose]();
  await new Promise((resolve) => server.close(resolve));
});

test("a call that must not happen twice is sent again when its stream was refused", async () => {
  const { NGHTTP2_REFUSED_STREAM } = http2.constants;
  [calls, closeWith] = [0, [NGHTTP2_REFUSED_STREAM, NGHTTP2_REFUSED_STREAM]];
  assert.equal((await api.jobs.submitJob({ jobName: "once" })).name, "submitted");
  assert.equal(calls, 3);
});

test("and not when its stream was closed for any other reason", async () => {
  const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR } = http2.constants;
  for (const code of [NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR]) {
    [calls, closeWith] = [0, [code]];
    await assert.rejects(api.jobs.submitJob({ jobName: "once" }), /SubmitJob/);
    assert.equal(calls, 1);
  }
});
