/**
 * Unary gRPC calls served straight from HTTP/2 streams. The Connect adapter does this too, for every protocol
 * and for streaming, and spends five times as much on a small call; what runners call thousands of times a
 * second is served here. Whatever is not the plain case of these methods (other content types, compressed
 * requests, waiting for 100-continue) is left to the adapter, which answers it the same way: the tests put
 * both side by side.
 */
import http2 from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { parseTimeout, setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { messageOf } from "../errors.ts";
import { type Authenticate, requireRole } from "./auth.ts";
import { type OutcomeName, outcomeOf } from "./call-outcome.ts";
import type { CallFigures } from "./figures.ts";
import { type ReportFailure, toConnectError } from "./rpc-errors.ts";
import type { RpcLimits } from "./rpc-limits.ts";
import type { RunnerCall } from "./services/tasks.ts";

/** A method that both roles may call. */
export interface UnaryMethod {
  /** Throws what fromBinary throws for bytes that are no such message. */
  read(message: Uint8Array): unknown;
  /** @returns the encoded answer. */
  answer(request: unknown, call: RunnerCall): Promise<Uint8Array>;
}

export type LoadMethod = () => UnaryMethod | Promise<UnaryMethod>;

/** Takes a new stream, or leaves it as it is and says so. */
export type StreamHandler = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => boolean;

interface GrpcUnaryDeps {
  /** By `/package.Service/Method`. */
  readonly methods: ReadonlyMap<string, LoadMethod>;
  readonly authenticate: Authenticate;
  readonly limits: RpcLimits;
  readonly report: ReportFailure;
  readonly figures: CallFigures;
}

const answerType = "application/grpc+proto";
const contentTypes = new Set(["application/grpc", answerType]);
/** Nothing that is waited for takes longer; Connect's adapter has no limit either. */
const longestTimeoutMs = Number.MAX_SAFE_INTEGER;
const prefixBytes = 5;

export function createGrpcUnary(deps: GrpcUnaryDeps): StreamHandler {
  return (stream, headers) => {
    const path = headers[":path"] ?? "";
    const load = deps.methods.get(path);
    if (load === undefined || !isPlain(headers)) return false;
    const name = path.slice(path.lastIndexOf("/") + 1);
    const end = deps.figures.begin(path.slice(1));
    serve(stream, headers, { name, load }, deps).then(end, (thrown: unknown) => {
      end("Internal");
      // Whoever called is gone; nothing of ours failed.
      if (stream.destroyed) return;
      deps.report({ what: name, reference: "answer", error: thrown });
      stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
    });
    return true;
  };
}

function isPlain(headers: http2.IncomingHttpHeaders): boolean {
  const encoding = headers["grpc-encoding"];
  return (
    headers[":method"] === "POST" &&
    contentTypes.has(headers["content-type"] ?? "") &&
    (encoding === undefined || encoding === "identity") &&
    headers.expect === undefined
  );
}

async function serve(
  stream: http2.ServerHttp2Stream,
  headers: http2.IncomingHttpHeaders,
  { name, load }: { readonly name: string; readonly load: LoadMethod },
  { authenticate, limits, report }: GrpcUnaryDeps,
): Promise<OutcomeName> {
  const call = new AbortController();
  const { promise: gone, reject } = Promise.withResolvers<never>();
  call.signal.addEventListener("abort", () => reject(call.signal.reason), { once: true });
  gone.catch(() => {});
  let isAnswered = false;
  stream.once("close", () => {
    if (!isAnswered) call.abort(new ConnectError("the caller is gone", Code.Canceled));
  });
  // A broken stream ends with "close"; without a listener its error would end the process.
  stream.on("error", () => {});
  const stopTimer = startDeadline(headers, call);
  const work = async () => {
    // Before the body is read: what the gate refuses costs nothing more.
    requireRole(await authenticate(headers.authorization), "runner", `call ${name}`);
    const loaded = load();
    const method = loaded instanceof Promise ? await loaded : loaded;
    const request = await readRequest(stream, method, limits);
    return method.answer(request, { peer: stream.session, signal: call.signal });
  };
  try {
    // A write that is under way cannot be taken back, but its caller need not wait for it beyond the deadline.
    sendAnswer(stream, await Promise.race([work(), gone]));
    return "OK";
  } catch (thrown) {
    const error = toConnectError(thrown, name, report);
    if (!stream.destroyed) sendError(stream, error);
    return outcomeOf(error.code);
  } finally {
    isAnswered = true;
    stopTimer();
  }
}

/** Aborts the call when its grpc-timeout has passed. Returns a function that stops the clock. */
function startDeadline(headers: http2.IncomingHttpHeaders, call: AbortController): () => void {
  const header = headers["grpc-timeout"];
  if (header === undefined) return () => {};
  const { timeoutMs, error } = parseTimeout(String(header), longestTimeoutMs);
  if (error !== undefined) call.abort(error);
  // setTimeout takes 2^31 ms at most, which is 24 days, and fires at once beyond.
  if (timeoutMs === undefined || timeoutMs >= 2 ** 31) return () => {};
  const passed = () => call.abort(new ConnectError("the operation timed out", Code.DeadlineExceeded));
  if (timeoutMs <= 0) passed();
  const timer = setTimeout(passed, timeoutMs);
  return () => clearTimeout(timer);
}

async function readRequest(
  stream: http2.ServerHttp2Stream,
  method: UnaryMethod,
  { maxMessageBytes, messageTimeoutMs }: RpcLimits,
): Promise<unknown> {
  const body = await readBody(stream, maxMessageBytes + prefixBytes, messageTimeoutMs);
  if (body.length === 0) {
    throw new ConnectError("protocol error: missing input message for unary method", Code.Unimplemented);
  }
  if (body.length < prefixBytes) throw incomplete();
  const sizeBytes = body.readUInt32BE(1);
  if (sizeBytes > maxMessageBytes) throw tooLarge(sizeBytes, maxMessageBytes);
  if (body.length < prefixBytes + sizeBytes) throw incomplete();
  if (body.length > prefixBytes + sizeBytes) {
    throw new ConnectError(
      "protocol error: received extra input message for unary method",
      Code.Unimplemented,
    );
  }
  if ((body.readUInt8(0) & 1) !== 0) {
    throw new ConnectError("received compressed envelope, but do not know how to decompress", Code.Internal);
  }
  try {
    return method.read(body.subarray(prefixBytes));
  } catch (cause) {
    const message = messageOf(cause);
    throw new ConnectError(`parse binary: ${message}`, Code.Internal, undefined, undefined, cause);
  }
}

function readBody(stream: http2.ServerHttp2Stream, maxBytes: number, timeoutMs: number): Promise<Buffer> {
  // Without a body the end has come by now, and comes only once.
  if (stream.readableEnded) return Promise.resolve(Buffer.alloc(0));
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  const slow = setTimeout(() => stream.close(http2.constants.NGHTTP2_CANCEL), timeoutMs);
  stream.on("data", (chunk: Buffer) => {
    sizeBytes += chunk.length;
    if (sizeBytes <= maxBytes) chunks.push(chunk);
    else reject(tooLarge(sizeBytes, maxBytes));
  });
  stream.once("end", () => {
    clearTimeout(slow);
    const [only] = chunks;
    resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks));
  });
  stream.once("close", () => {
    clearTimeout(slow);
    if (!stream.readableEnded) reject(new ConnectError("the caller is gone", Code.Canceled));
  });
  return promise;
}

function incomplete(): ConnectError {
  return new ConnectError("protocol error: incomplete envelope", Code.InvalidArgument);
}

function tooLarge(sizeBytes: number, maxBytes: number): ConnectError {
  return new ConnectError(
    `message size ${sizeBytes} is larger than the limit of ${maxBytes} bytes`,
    Code.ResourceExhausted,
  );
}

function sendAnswer(stream: http2.ServerHttp2Stream, message: Uint8Array): void {
  const frame = Buffer.allocUnsafe(prefixBytes + message.length);
  frame.writeUInt8(0, 0);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, prefixBytes);
  stream.respond({ ":status": 200, "content-type": answerType }, { waitForTrailers: true });
  stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(frame);
}

/** Status and headers in one, as gRPC allows for an answer without a message. */
function sendError(stream: http2.ServerHttp2Stream, error: ConnectError): void {
  const status = new Headers();
  setTrailerStatus(status, error);
  stream.respond(
    { ":status": 200, "content-type": answerType, ...Object.fromEntries(status) },
    { endStream: true },
  );
}
