/** A control plane as somebody sees it who is offered the public API and nothing beside it, as the hosted service is. */
import http from "node:http";
import { type ForeignServer, serveForeign } from "./foreign-server.ts";

const publicPath = /^\/(?:(?:tilebox|workflows|datasets)\.v1\.|v1\/(?:logs|traces)$)/;

export async function servePublicApi(controlPlaneUrl: string): Promise<ForeignServer> {
  return await serveForeign((request, response) => {
    const path = request.url ?? "/";
    if (!publicPath.test(path)) {
      request.resume();
      response.writeHead(404, { "content-type": "text/plain; charset=utf-8" }).end("404 page not found\n");
      return;
    }
    const { method, headers } = request;
    const forwarded = http.request(new URL(path, controlPlaneUrl), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    forwarded.on("error", () => response.destroy());
    request.pipe(forwarded);
  });
}
