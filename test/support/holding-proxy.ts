/** An HTTP/1.1 proxy before a real server that holds chosen calls, so that a test can act while they are under way. */
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";

export interface HoldingProxy extends AsyncDisposable {
  readonly url: string;
  /**
   * The next call whose path ends with this is held: before the server sees it (`request`), or after the
   * server has carried it out (`answer`). Fulfilled when it is held; it stays so until its caller gives up.
   */
  hold(pathEnd: string, what: "request" | "answer"): Promise<void>;
}

export async function startHoldingProxy(target: string): Promise<HoldingProxy> {
  let held: { readonly pathEnd: string; readonly what: "request" | "answer"; reached(): void } | undefined;
  const server = http.createServer((request, response) => {
    const holding = held !== undefined && request.url?.endsWith(held.pathEnd) ? held : undefined;
    if (holding !== undefined) held = undefined;
    if (holding?.what === "request") {
      holding.reached();
      return;
    }
    const { method, headers, url } = request;
    const forwarded = http.request(new URL(url ?? "/", target), { method, headers }, (answer) => {
      if (holding !== undefined) {
        answer.resume().once("end", () => holding.reached());
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    forwarded.on("error", () => response.destroy());
    request.pipe(forwarded);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: (pathEnd, what) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = { pathEnd, what, reached: resolve };
      return promise;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
