/** Requests whose handler is still being loaded when they come. */
import assert from "node:assert/strict";
import http2 from "node:http2";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { type Listener, startListener } from "../../src/server/listener.ts";
import { handleWhenLoaded } from "../../src/server/loaded-handler.ts";
import { connectionLimits, type RequestHandler } from "../../src/server/protocol-servers.ts";

const answered: string[] = [];
const failures: unknown[] = [];
let loading = Promise.withResolvers<RequestHandler>();
let onAsked = () => {};
let onClosed = () => {};
let listener: Listener;
let url: string;

/** Answers with what was sent, once it has come whole. */
const echo: RequestHandler = (request, response) => {
  void text(request).then((body) => {
    answered.push(body);
    response.end(`got ${body}`);
  });
};

before(async () => {
  const load = () => {
    setImmediate(() => onAsked());
    return loading.promise;
  };
  const held = handleWhenLoaded(load, ({ error }) => failures.push(error));
  listener = await startListener({
    addresses: [{ kind: "tcp", host: "127.0.0.1", port: 0 }],
    handle: (request, response, expectsContinue) => {
      response.once("close", () => onClosed());
      held(request, response, expectsContinue);
    },
    limits: connectionLimits,
  });
  const [address] = listener.addresses;
  url = address?.kind === "tcp" ? `http://127.0.0.1:${address.port}` : assert.fail("it listens nowhere");
});
after(() => listener.close(1_000));

/** Resolves when the next request has come and waits for its handler. */
function nextHeld(): Promise<void> {
  loading = Promise.withResolvers();
  answered.length = 0;
  failures.length = 0;
  return new Promise((resolve) => {
    onAsked = resolve;
  });
}

test("a request of HTTP/1.1 is answered when its handler is there, body and all", async () => {
  const held = nextHeld();
  const body = "x".repeat(200_000);
  const answer = fetch(url, { method: "POST", body });
  await held;
  assert.deepEqual(answered, []);
  loading.resolve(echo);
  assert.equal(await (await answer).text(), `got ${body}`);
});

test("so is one of HTTP/2", async () => {
  const held = nextHeld();
  const session = http2.connect(url);
  const stream = session.request({ ":method": "POST", ":path": "/" });
  stream.end("hello");
  await held;
  loading.resolve(echo);
  assert.equal(await text(stream), "got hello");
  session.close();
});

test("a caller that has gone by then is not answered", async () => {
  const held = nextHeld();
  const caller = new AbortController();
  const answer = fetch(url, { method: "POST", body: "gone", signal: caller.signal });
  await held;
  const seen = new Promise<void>((resolve) => {
    onClosed = resolve;
  });
  caller.abort();
  await assert.rejects(answer, { name: "AbortError" });
  await seen;
  loading.resolve(echo);
  assert.equal(await (await fetch(url, { method: "POST", body: "there" })).text(), "got there");
  assert.deepEqual(answered, ["there"]);
});

test("a handler that cannot be loaded is reported with its cause and answered as internal", async () => {
  const held = nextHeld();
  const answer = fetch(url);
  await held;
  const cause = new Error("the file is gone");
  loading.reject(cause);
  const { status, headers, body } = await answer.then(async (response) => ({
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as { code: string; message: string },
  }));
  assert.equal(status, 500);
  assert.equal(headers.get("content-type"), "application/json");
  assert.equal(body.code, "internal");
  assert.doesNotMatch(body.message, /file/);
  assert.deepEqual(failures, [cause]);
});

test("over HTTP/2 too", async () => {
  const held = nextHeld();
  const session = http2.connect(url);
  const stream = session.request({ ":path": "/" });
  await held;
  loading.reject(new Error("the file is gone"));
  assert.equal(JSON.parse(await text(stream)).code, "internal");
  session.close();
});
