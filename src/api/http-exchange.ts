/** Plain HTTP with a control plane: one request, one answer, errors of the table. */
import type http from "node:http";
import { pipeline, Readable } from "node:stream";
import { SystemError } from "../errors.ts";
import type { FailedCall } from "./call-rules.ts";
import { NoAnswerInTime } from "./no-answer.ts";

/** Opens a request with the key, the agent and the host of one control plane. */
export type OpenRequest = (
  method: "HEAD" | "PUT" | "GET" | "POST",
  path: string,
  headers: http.OutgoingHttpHeaders,
) => http.ClientRequest;

/** No byte for this long, in either direction, and the exchange is given up. */
const idleTimeoutMs = 60_000;
/** An error answer is a few hundred bytes; of anything longer only the status counts. */
const maxErrorBytes = 64 * 1024;

/**
 * Throws what the work throws as an error of the table. What reads errors is loaded with the first one: it is most of
 * an RPC library.
 */
export async function withErrors<T>(call: FailedCall, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const { fromWireError } = await import("./wire-error.ts");
    throw fromWireError(thrown, call);
  }
}

/** Sends a request and waits for the head of its answer, which may come before the body is sent whole. */
export function exchange(
  request: http.ClientRequest,
  body: Readable | Uint8Array | undefined,
  signal: AbortSignal | undefined,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const onAbort = () => request.destroy(new Error("stopped"));
    const stopListening = () => signal?.removeEventListener("abort", onAbort);
    request.once("close", stopListening);
    signal?.addEventListener("abort", onAbort, { once: true });
    request.setTimeout(idleTimeoutMs, () => request.destroy(new NoAnswerInTime(idleTimeoutMs)));
    let answered = false;
    request.once("response", (response) => {
      answered = true;
      // Errors of the connection after the head belong to whoever reads the body.
      response.on("error", () => {});
      resolve(response);
    });
    request.on("error", (error) => {
      if (!answered) reject(error);
    });
    if (signal?.aborted === true) onAbort();
    if (!(body instanceof Readable)) request.end(body);
    else {
      // A server that refuses answers and closes while the body is still being sent: the answer counts.
      pipeline(body, request, (error) => {
        if (error instanceof Error && body.errored === error) {
          reject(new SystemError("internal", "The request's body cannot be read", { cause: error }));
        }
      });
    }
  });
}

/** Throws what an answer other than 2xx says. */
export async function requireSuccess(response: http.IncomingMessage): Promise<void> {
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return;
  const { Code, ConnectError } = await import("@connectrpc/connect");
  const { codeFromHttpStatus, errorFromJsonBytes } = await import("@connectrpc/connect/protocol-connect");
  const metadata = new Headers();
  const retryAfter = response.headers["retry-after"];
  if (retryAfter !== undefined) metadata.set("retry-after", retryAfter);
  // Connect's table leaves these two open; both say that the server has no such call.
  const code = status === 405 || status === 501 ? Code.Unimplemented : codeFromHttpStatus(status);
  const fallback = new ConnectError(`HTTP ${status}`, code, metadata);
  const body = await readAtMost(response, maxErrorBytes);
  throw errorFromJsonBytes(body, metadata, fallback);
}

/** Whether the server has no such path, or does not take this method there: it is none of ours. */
export function isNoSuchPath({ statusCode }: http.IncomingMessage): boolean {
  return statusCode === 404 || statusCode === 405 || statusCode === 501;
}

/** The first bytes of a body, some more than that many when it is longer. */
export async function readAtMost(response: http.IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
