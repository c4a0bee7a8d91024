/** Serves the RPC routes over Node's HTTP/1 and HTTP/2, in all three protocols of Connect. */
import { Code, ConnectError, createConnectRouter } from "@connectrpc/connect";
import {
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { watchOutcome } from "./call-outcome.ts";
import type { CallFigures } from "./figures.ts";
import { cut } from "./http-exchange.ts";
import { peerValues } from "./peer.ts";
import type { RequestHandler } from "./protocol-servers.ts";
import type { Routes } from "./routes.ts";
import type { ReportFailure } from "./rpc-errors.ts";
import type { RpcLimits } from "./rpc-limits.ts";

/** Undefined for a path that is no method's. */
export type RpcHandlers = (path: string) => RequestHandler | undefined;

interface RpcHandlerDeps {
  readonly limits: RpcLimits;
  readonly report: ReportFailure;
  readonly figures: CallFigures;
}

export function createRpcHandlers(routes: Routes, { limits, report, figures }: RpcHandlerDeps): RpcHandlers {
  const router = createConnectRouter({
    readMaxBytes: limits.maxMessageBytes,
    acceptCompression: [compressionGzip],
  });
  routes(router);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  return (path) => {
    const handler = handlers.get(path);
    if (handler === undefined) return undefined;
    return (request, response, expectsContinue) => {
      const slow = setTimeout(() => cut(request), limits.messageTimeoutMs);
      const stopWatching = () => clearTimeout(slow);
      request.once("end", stopWatching).once("close", stopWatching);
      response.once("close", stopWatching);
      if (expectsContinue) response.writeContinue();
      const values = peerValues(request);
      const outcome = watchOutcome(values);
      // Throws for a request whose host is missing or is none.
      const universal = universalRequestFromNodeRequest(request, response, undefined, values);
      const end = figures.begin(path.slice(1));
      // What never got to the method was no message of it, or its sender went away.
      response.once("close", () => end(outcome() ?? (response.headersSent ? "InvalidArgument" : "Canceled")));
      handler(universal)
        .then((answer) => universalResponseToNodeResponse(answer, response))
        .catch((thrown: unknown) => {
          // Whoever called is gone; nothing of ours failed.
          if (ConnectError.from(thrown).code === Code.Aborted || request.destroyed) return;
          report({ what: handler.method.name, reference: "answer", error: thrown });
        });
    };
  };
}
