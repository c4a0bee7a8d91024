import type { StreamHandler } from "./grpc-unary.ts";
import { pathOf } from "./http-exchange.ts";
import type { RequestHandler } from "./protocol-servers.ts";

/** One request that was answered, or whose caller went away. */
export interface Answer {
  readonly method: string;
  /** As it was sent, without the query. */
  readonly path: string;
  /** Of HTTP; a gRPC call says in its trailers how it went and has 200 here. */
  readonly status: number;
  readonly durationMs: number;
}

/** Tells of each request when its answer has ended. */
export function withRequestLog(handle: RequestHandler, onAnswer: (answer: Answer) => void): RequestHandler {
  return (request, response, expectsContinue) => {
    const startedAtMs = performance.now();
    const path = pathOf(request);
    response.once("close", () => {
      const { statusCode: status } = response;
      onAnswer({ method: request.method ?? "", path, status, durationMs: performance.now() - startedAtMs });
    });
    handle(request, response, expectsContinue);
  };
}

/** The same for what is served from a stream. */
export function withStreamLog(serve: StreamHandler, onAnswer: (answer: Answer) => void): StreamHandler {
  return (stream, headers) => {
    const startedAtMs = performance.now();
    if (!serve(stream, headers)) return false;
    const { ":method": method = "", ":path": path = "" } = headers;
    stream.once("close", () =>
      onAnswer({ method, path, status: 200, durationMs: performance.now() - startedAtMs }),
    );
    return true;
  };
}
