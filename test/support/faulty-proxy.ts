/**
 * An HTTP/1.1 proxy before a real control plane, whose network fails where a test says: before the server has
 * got a request, while it gets it, after it has carried it out, or while the answer is under way.
 */
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

export type Fault =
  /** The connection ends before the server has seen anything. */
  | "request"
  /** It ends when the server has half of the request. */
  | "half-request"
  /** The server has carried it out, and nothing of its answer arrives. */
  | "answer"
  /** It ends when half of the answer has arrived. */
  | "half-answer"
  /** Something on the way answers 500 in the server's place. */
  | "status-500"
  /** The server refuses. */
  | "status-403"
  /** Nothing happens any more, before the server has it or after it has carried it out, until the caller gives up. */
  | "hold-request"
  | "hold-answer";

export const connectionFaults: readonly Fault[] = ["request", "half-request", "answer", "half-answer"];

/** One exchange as the proxy sees it. */
export interface SeenCall {
  /** `GetCluster`; of what is no RPC `PUT /artifacts/...`. */
  readonly name: string;
  readonly body: Buffer;
  readonly headers: http.IncomingHttpHeaders;
}

export interface FaultyProxy extends AsyncDisposable {
  readonly url: string;
  /** Asked for each call; undefined lets it pass. */
  fail: (call: SeenCall) => Fault | undefined;
  /** Done before the server gets the call: what somebody else does meanwhile. */
  meanwhile: (call: SeenCall) => Promise<void>;
}

export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer(async (request, response) => {
    const body = await buffer(request).catch(() => undefined);
    if (body === undefined) return;
    const { url = "/", method, headers } = request;
    const name = /\/([A-Za-z]+)$/.exec(method === "POST" ? url : "")?.[1] ?? `${method} ${url}`;
    const call = { name, body, headers };
    const fault = proxy.fail(call);
    if (fault === "hold-request") return;
    await proxy.meanwhile(call);
    if (fault === "status-500" || fault === "status-403") {
      response.writeHead(Number(fault.slice(-3))).end();
      return;
    }
    if (fault === "request") {
      response.destroy();
      return;
    }
    const forwarded = http.request(new URL(url, target), { method, headers, agent });
    if (fault === "half-request") {
      forwarded.on("error", () => {});
      forwarded.write(body.subarray(0, body.length / 2), () => {
        forwarded.destroy();
        response.destroy();
      });
      return;
    }
    forwarded.on("error", () => response.destroy());
    forwarded.on("response", async (answer) => {
      const answered = await buffer(answer).catch(() => undefined);
      if (fault === "hold-answer") return;
      if (answered === undefined || fault === "answer") {
        response.destroy();
        return;
      }
      const half = fault === "half-answer" ? answered.subarray(0, answered.length / 2) : answered;
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      if (fault !== "half-answer") response.end(half);
      else {
        // Some answers have no body: then their headers are the half that arrives.
        response.flushHeaders();
        response.write(half);
        setImmediate(() => response.destroy());
      }
    });
    forwarded.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy: FaultyProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fail: () => undefined,
    meanwhile: async () => {},
    [Symbol.asyncDispose]: async () => {
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}
