/**
 * GitHub's cache service, version 2, as far as @actions/cache 6.3 speaks it: three calls (Twirp, JSON) and a blob store
 * for what they point to. It keeps an entry for ever, as GitHub does: nobody can write a key a second time.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer, json } from "node:stream/consumers";

/** How the service misbehaves; each was seen of the real one, or can be done by who controls an entry. */
export type CacheFault =
  | "every call fails"
  | "every call hangs"
  | "downloads hang"
  | "downloads are refused"
  | "downloads are cut off"
  | "downloads never end"
  | "uploads fail"
  | "uploads hang"
  | "writing is denied"
  | "another key answers"
  | "answers are no JSON";

export interface CacheService extends AsyncDisposable {
  /** What the runner sets for a step. */
  readonly env: Readonly<Record<string, string>>;
  /** Finished entries by their key: a test may put in what it likes. */
  readonly entries: Map<string, Buffer>;
  /** Names of the calls, in order. */
  readonly calls: string[];
  fault: CacheFault | undefined;
}

const servicePath = "/twirp/github.actions.results.api.v1.CacheService/";

interface Call {
  readonly key: string;
  readonly version: string;
  readonly size_bytes?: string;
}

export async function startCacheService(): Promise<CacheService> {
  const token = randomBytes(16).toString("hex");
  const reserved = new Map<string, Buffer | undefined>();
  const blocks = new Map<string, Buffer>();
  let origin = "";
  const service: CacheService = {
    env: {},
    entries: new Map(),
    calls: [],
    fault: undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  // A short signature would be masked out of the whole log.
  const blobUrl = (key: string) =>
    `${origin}/account/container/${encodeURIComponent(key)}?sig=${"s".repeat(43)}`;

  const answerCall = (name: string, { key }: Call): object | number => {
    switch (name) {
      case "CreateCacheEntry":
        if (service.fault === "writing is denied") return { ok: false, message: "cache write denied: fork" };
        if (service.entries.has(key)) return 409;
        reserved.set(key, undefined);
        return { ok: true, signed_upload_url: blobUrl(key) };
      case "FinalizeCacheEntryUpload": {
        const bytes = reserved.get(key);
        if (bytes === undefined) return { ok: false, message: "nothing was uploaded" };
        service.entries.set(key, bytes);
        return { ok: true, entry_id: "1" };
      }
      case "GetCacheEntryDownloadURL": {
        const matched = service.fault === "another key answers" ? [...service.entries.keys()][0] : key;
        if (matched === undefined || !service.entries.has(matched)) return { ok: false };
        const matchedKey = service.fault === "another key answers" ? `${matched}-another` : matched;
        return { ok: true, signed_download_url: blobUrl(matched), matched_key: matchedKey };
      }
      default:
        return 404;
    }
  };

  const serveCall = async (name: string, request: IncomingMessage, response: ServerResponse) => {
    service.calls.push(name);
    if (service.fault === "every call hangs") return;
    if (service.fault === "every call fails") return send(response, 500, { msg: "out of order" });
    if (service.fault === "answers are no JSON") return void response.end("<html>maintenance</html>");
    if (request.headers.authorization !== `Bearer ${token}`) return send(response, 401, { msg: "token" });
    const answer = answerCall(name, (await json(request)) as Call);
    if (answer === 409) send(response, 409, { code: "already_exists", msg: "exists" });
    else if (typeof answer === "number") send(response, answer, {});
    else send(response, 200, answer);
  };

  const serveDownload = (key: string, response: ServerResponse) => {
    const bytes = service.entries.get(key);
    if (service.fault === "downloads hang") return;
    if (service.fault === "downloads are refused") return void response.writeHead(403).end("<Error/>");
    if (bytes === undefined) return void response.writeHead(404).end();
    if (service.fault === "downloads never end") {
      const chunk = Buffer.alloc(1024 * 1024);
      const pump = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on("drain", pump);
      return pump();
    }
    response.writeHead(200, { "content-length": bytes.length });
    if (service.fault !== "downloads are cut off") return void response.end(bytes);
    response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
  };

  const serveUpload = async (
    key: string,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
  ) => {
    service.calls.push("PUT");
    const bytes = await buffer(request);
    if (service.fault === "uploads hang") return;
    if (service.fault === "uploads fail") return void response.writeHead(403).end();
    if (query.get("comp") === "block") blocks.set(query.get("blockid") ?? "", bytes);
    else if (query.get("comp") === "blocklist") {
      const ids = [...bytes.toString().matchAll(/<Latest>([^<]+)<\/Latest>/g)].map(([, id]) => id ?? "");
      reserved.set(key, Buffer.concat(ids.map((id) => blocks.get(id) ?? Buffer.alloc(0))));
    } else reserved.set(key, bytes);
    const now = new Date().toUTCString();
    response.writeHead(201, { etag: '"1"', "last-modified": now, date: now, "x-ms-request-id": "1" }).end();
  };

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "/", origin);
    if (url.pathname.startsWith(servicePath)) {
      return await serveCall(url.pathname.slice(servicePath.length), request, response);
    }
    const key = decodeURIComponent(url.pathname.split("/")[3] ?? "");
    if (request.method === "PUT") return await serveUpload(key, url.searchParams, request, response);
    serveDownload(key, response);
  };
  const server = createServer((request, response) => {
    // A client that gives up takes its request with it.
    serve(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = {
    ACTIONS_CACHE_SERVICE_V2: "true",
    ACTIONS_RESULTS_URL: `${origin}/`,
    ACTIONS_RUNTIME_TOKEN: token,
  };
  return Object.assign(service, { env });
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
