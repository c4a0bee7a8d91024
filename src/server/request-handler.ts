/** Everything that one listener answers: RPCs first, then plain HTTP. */
import http from "node:http";
import { UserError } from "../errors.ts";
import type { Authenticate } from "./auth.ts";
import type { ServerFigures } from "./figures.ts";
import { isHealthPath } from "./health-routes.ts";
import { pathOf } from "./http-exchange.ts";
import { createHttpHandler, type HttpRoute, sendError } from "./http-routes.ts";
import { isLoopbackName } from "./loopback-hosts.ts";
import type { RequestHandler } from "./protocol-servers.ts";
import type { Routes } from "./routes.ts";
import type { ReportFailure } from "./rpc-errors.ts";
import { createRpcHandlers } from "./rpc-handler.ts";
import { rpcLimits } from "./rpc-limits.ts";

export interface RequestHandlerParts {
  readonly routes: Routes;
  readonly httpRoutes: readonly HttpRoute[];
  readonly authenticate: Authenticate;
  readonly report: ReportFailure;
  readonly figures: Pick<ServerFigures, "rpcs" | "requests">;
  /**
   * Only requests that name this machine. Where no key is asked for, it keeps a web page from reaching the
   * control plane through a name of its own that it lets resolve to 127.0.0.1 (DNS rebinding).
   */
  readonly loopbackHostsOnly: boolean;
}

export function createRequestHandler(parts: RequestHandlerParts): RequestHandler {
  const { authenticate, report, figures, loopbackHostsOnly } = parts;
  const rpc = createRpcHandlers(parts.routes, { limits: rpcLimits, report, figures: figures.rpcs });
  const plain = createHttpHandler(parts.httpRoutes, { authenticate, report, figures: figures.requests });
  return (request, response, expectsContinue) => {
    try {
      const path = pathOf(request);
      // Balancers name hosts by their address, or not at all, and there is nothing to keep from a web page.
      if (loopbackHostsOnly && !isHealthPath(path) && !namesLoopback(request)) {
        throw new UserError("permission-denied", "Without keys, requests must name a loopback host");
      }
      (rpc(path) ?? plain)(request, response, expectsContinue);
    } catch (thrown) {
      const error = thrown instanceof UserError ? thrown : unusable(thrown);
      sendError(response, error, "request", report);
    }
  };
}

function unusable(cause: unknown): UserError {
  return new UserError("request-invalid", "The request has no usable host", { cause });
}

/** A unix socket's client may send any name, or none; no browser reaches it. */
function namesLoopback(request: Parameters<RequestHandler>[0]): boolean {
  const host = request instanceof http.IncomingMessage ? request.headers.host : request.authority;
  return isLoopbackName(request.socket.remoteAddress, host);
}
