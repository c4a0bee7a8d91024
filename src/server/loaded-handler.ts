import type { HttpResponse } from "./http-exchange.ts";
import type { RequestHandler } from "./protocol-servers.ts";
import type { ReportFailure } from "./rpc-errors.ts";

/** Holds requests while their handler is being loaded. Nothing reads their bodies meanwhile. */
export function handleWhenLoaded(
  load: () => RequestHandler | Promise<RequestHandler>,
  report: ReportFailure,
): RequestHandler {
  return (request, response, expectsContinue) => {
    const handler = load();
    if (!(handler instanceof Promise)) {
      handler(request, response, expectsContinue);
      return;
    }
    let isGone = false;
    response.once("close", () => {
      isGone = true;
    });
    handler.then(
      (handle) => {
        if (!isGone) handle(request, response, expectsContinue);
      },
      (error: unknown) => {
        report({ what: "Loading the handler of a request", reference: "request", error });
        if (!isGone) refuse(response);
      },
    );
  };
}

/** In Connect's form of an error, as far as it goes without what would have been loaded. */
function refuse(response: HttpResponse): void {
  const body = {
    code: "internal",
    message: "The request failed inside the control plane (reference request)",
  };
  response.writeHead(500, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body)}\n`);
}
