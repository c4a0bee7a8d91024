/** Answers what comes in the clear to a port that speaks TLS, in the words of the protocol that was spoken. */
import { UserError } from "../errors.ts";
import type { CallFigures } from "./figures.ts";
import { pathOf } from "./http-exchange.ts";
import { sendError } from "./http-routes.ts";
import type { RequestHandler } from "./protocol-servers.ts";
import { createRoutes } from "./routes.ts";
import type { ReportFailure } from "./rpc-errors.ts";
import { createRpcHandlers } from "./rpc-handler.ts";
import { rpcLimits } from "./rpc-limits.ts";

/** Nothing is read from the request but its path; whatever key it held has travelled in the clear. */
export function refusePlainRequests(report: ReportFailure, figures: CallFigures): RequestHandler {
  const refusal = () => new UserError("tls-required", "This port speaks TLS: the URL begins with https://");
  const authenticate = () => Promise.reject(refusal());
  const rpc = createRpcHandlers(createRoutes({}, { authenticate, report }), {
    limits: rpcLimits,
    report,
    figures,
  });
  return (request, response, expectsContinue) => {
    const answerCall = rpc(pathOf(request));
    if (answerCall === undefined) sendError(response, refusal(), "request", report);
    else answerCall(request, response, expectsContinue);
  };
}
