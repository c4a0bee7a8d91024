/**
 * Unary calls of the Connect protocol straight on node:http, for a run that makes a few of them. The general client
 * takes longer to load than all else such a run does: it is made of what belongs to fetch, which Node loads when it is
 * first touched. What is not the ordinary course of a call (a refusal, an error, another kind of answer) is read by
 * that client's own code, loaded then.
 */
import type http from "node:http";
import { promisify } from "node:util";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { CallOptions, Transport, UnaryResponse } from "@connectrpc/connect";
import { exchange, type OpenRequest, readAtMost } from "./http-exchange.ts";
import { NoAnswerInTime } from "./no-answer.ts";

/** What a client of unary methods needs of a transport. */
export type UnaryTransport = Pick<Transport, "unary">;

export interface ConnectUnaryOptions {
  readonly open: OpenRequest;
  /** Whether to compress, and to ask for it. */
  readonly compress: boolean;
  /** For calls that name none. */
  readonly defaultTimeoutMs: number;
  /** Uncompressed, and compressed too. */
  readonly maxAnswerBytes: number;
}

/** Loaded when something is compressed: on loopback nothing is. */
const zlib = () => process.getBuiltinModule("node:zlib");

/** A smaller request is not worth compressing. */
const compressFromBytes = 1024;

export function createConnectUnaryTransport(options: ConnectUnaryOptions): UnaryTransport {
  const { compress, defaultTimeoutMs } = options;
  return {
    async unary(method, signal, timeoutMs, header, input) {
      const limitMs = timeoutMs ?? defaultTimeoutMs;
      const message = toBinary(method.input, create(method.input, input));
      const packed = compress && message.length >= compressFromBytes;
      const request = options.open("POST", `/${method.parent.typeName}/${method.name}`, {
        ...plainHeaders(header),
        "content-type": "application/proto",
        "connect-protocol-version": "1",
        "connect-timeout-ms": `${Math.max(1, Math.ceil(limitMs))}`,
        ...(compress ? { "accept-encoding": "gzip" } : {}),
        ...(packed ? { "content-encoding": "gzip" } : {}),
      });
      const body = packed ? await promisify(zlib().gzip)(message) : message;
      const answer = await readAnswer(request, body, { ...options, limitMs, signal });
      const response: UnaryResponse<typeof method.input, typeof method.output> = {
        stream: false,
        service: method.parent,
        method,
        message: fromBinary(method.output, answer.message),
        get header() {
          return webHeaders(answer.headers);
        },
        get trailer() {
          return new Headers();
        },
      };
      return response;
    },
  };
}

/** Without a Headers where none was given. */
function plainHeaders(given: CallOptions["headers"]): http.OutgoingHttpHeaders {
  if (given === undefined) return {};
  return Symbol.iterator in given
    ? Object.fromEntries(new Headers(given))
    : (given as http.OutgoingHttpHeaders);
}

interface Answer {
  readonly message: Uint8Array;
  readonly headers: http.IncomingHttpHeaders;
}

async function readAnswer(
  request: http.ClientRequest,
  body: Uint8Array,
  options: ConnectUnaryOptions & { readonly limitMs: number; readonly signal: AbortSignal | undefined },
): Promise<Answer> {
  const { limitMs, maxAnswerBytes, signal } = options;
  let late: NoAnswerInTime | undefined;
  const timer = setTimeout(() => {
    late = new NoAnswerInTime(limitMs);
    request.destroy(late);
  }, limitMs);
  try {
    const response = await exchange(request, body, signal);
    const bytes = await readAtMost(response, maxAnswerBytes);
    // What was cut off was not read to its end.
    if (!response.readableEnded) throw await tooLarge(maxAnswerBytes);
    const { statusCode, headers } = response;
    const isOrdinary = statusCode === 200 && headers["content-type"] === "application/proto";
    if (!isOrdinary) await requireOk(statusCode ?? 0, headers, bytes, options);
    return { message: await decompress(bytes, headers, options), headers };
  } catch (error) {
    throw late ?? error;
  } finally {
    clearTimeout(timer);
  }
}

/** Throws what an answer says that is not the ordinary one, as the general client reads it. */
async function requireOk(
  status: number,
  headers: http.IncomingHttpHeaders,
  bytes: Uint8Array,
  options: ConnectUnaryOptions,
): Promise<void> {
  const { errorFromJsonBytes, validateResponse } = await import("@connectrpc/connect/protocol-connect");
  const head = webHeaders(headers);
  const { isUnaryError, unaryError } = validateResponse("unary", true, status, head);
  if (isUnaryError) throw errorFromJsonBytes(await decompress(bytes, headers, options), head, unaryError);
}

async function decompress(
  bytes: Uint8Array,
  headers: http.IncomingHttpHeaders,
  { compress, maxAnswerBytes }: ConnectUnaryOptions,
): Promise<Uint8Array> {
  const encoding = headers["content-encoding"]?.toLowerCase() ?? "identity";
  if (encoding === "identity") return bytes;
  if (encoding !== "gzip" || !compress) {
    const { Code, ConnectError } = await import("@connectrpc/connect");
    throw new ConnectError(`unsupported response encoding ${JSON.stringify(encoding)}`, Code.Internal);
  }
  try {
    return await promisify(zlib().gunzip)(bytes, { maxOutputLength: maxAnswerBytes });
  } catch (cause) {
    if (cause instanceof RangeError) throw await tooLarge(maxAnswerBytes);
    const { Code, ConnectError } = await import("@connectrpc/connect");
    throw new ConnectError("the answer cannot be decompressed", Code.Internal);
  }
}

async function tooLarge(maxAnswerBytes: number): Promise<Error> {
  const { Code, ConnectError } = await import("@connectrpc/connect");
  return new ConnectError(`the answer is larger than ${maxAnswerBytes} bytes`, Code.ResourceExhausted);
}

function webHeaders(headers: http.IncomingHttpHeaders): Headers {
  const web = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) web.append(name, one);
  }
  return web;
}
