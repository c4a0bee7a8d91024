/** Plain HTTP beside the RPCs: finding the route, who may take it, and errors in Connect's JSON form. */
import http from "node:http";
import { codeToHttpStatus, errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import type { ErrorCode } from "../error-table.ts";
import { ReleaseError } from "../errors.ts";
import type { KeyRole } from "../store/port.ts";
import { type Authenticate, type Caller, requireRole } from "./auth.ts";
import type { CallFigures } from "./figures.ts";
import { cut, type HttpRequest, type HttpResponse, pathOf } from "./http-exchange.ts";
import { type ReportFailure, toConnectError } from "./rpc-errors.ts";

export interface HttpRoute {
  readonly method: "GET" | "HEAD" | "PUT" | "POST";
  /** Matched against the whole path; its named groups are the handler's parameters. */
  readonly path: RegExp;
  /** Open routes answer without a key: health only. */
  readonly access: KeyRole | "open";
  /** For the message of permission-denied: "may not …". */
  readonly what: string;
  handle(exchange: HttpExchange): Promise<void>;
}

export interface HttpExchange {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly params: Readonly<Record<string, string>>;
  /** Undefined on open routes. */
  readonly caller: Caller | undefined;
  /** Tells a client that waits with `Expect: 100-continue` to send its body. Without that it does nothing. */
  acceptBody(): void;
}

export type HttpHandler = (request: HttpRequest, response: HttpResponse, expectsContinue: boolean) => void;

/** Statuses that HTTP has a better word for than Connect's table. */
const ownStatuses: Partial<Record<ErrorCode, number>> = { "artifact-too-large": 413, "api-limit": 503 };

/** An unread body is taken for this long after an early answer, so that the client gets to read the answer. */
const lingerMs = 5_000;

interface HttpHandlerDeps {
  readonly authenticate: Authenticate;
  readonly report: ReportFailure;
  readonly figures: CallFigures;
}

export function createHttpHandler(
  routes: readonly HttpRoute[],
  { authenticate, report, figures }: HttpHandlerDeps,
): HttpHandler {
  const names = new Map(routes.map((route) => [route, nameOfRoute(route)]));
  return (request, response, expectsContinue) => {
    const path = pathOf(request);
    const here = routes.filter((route) => route.path.test(path));
    const route = here.find(({ method }) => method === request.method);
    const end = figures.begin((route && names.get(route)) ?? "other");
    // nginx's number for a client that went away before it was answered.
    response.once("close", () => end(String(response.headersSent ? response.statusCode : 499)));
    if (here.length === 0) sendNotFound(response);
    else if (route === undefined) sendMethodNotAllowed(response, here);
    if (route === undefined) return lingerUntilRead(request);
    serve(route, authenticate, request, response, expectsContinue)
      .catch((thrown: unknown) => {
        if (!isBrokenConnection(thrown)) sendError(response, thrown, nameOf(request), report);
      })
      .finally(() => lingerUntilRead(request));
  };
}

async function serve(
  route: HttpRoute,
  authenticate: Authenticate,
  request: HttpRequest,
  response: HttpResponse,
  expectsContinue: boolean,
): Promise<void> {
  let caller: Caller | undefined;
  if (route.access !== "open") {
    caller = await authenticate(request.headers.authorization);
    requireRole(caller, route.access, route.what);
  }
  const params = { ...route.path.exec(pathOf(request))?.groups };
  const acceptBody = () => {
    if (expectsContinue) response.writeContinue();
  };
  await route.handle({ request, response, params, caller, acceptBody });
}

/** As `GET /jobs/{job}/obstacles`. */
function nameOfRoute({ method, path }: HttpRoute): string {
  const pattern = path.source.replace(/^\^|\$$/g, "").replaceAll("\\/", "/");
  return `${method} ${pattern.replace(/\(\?<(\w+)>[^)]*\)/g, "{$1}")}`;
}

export function queryOf(request: HttpRequest): URLSearchParams {
  return new URLSearchParams((request.url ?? "").split("?", 2)[1] ?? "");
}

export function sendJson(
  response: HttpResponse,
  status: number,
  value: unknown,
  headers: http.OutgoingHttpHeaders = {},
): void {
  sendBytes(response, status, Buffer.from(`${JSON.stringify(value)}\n`), headers);
}

export function sendText(response: HttpResponse, contentType: string, text: string): void {
  sendBytes(response, 200, Buffer.from(text), { "content-type": contentType });
}

export function sendError(
  response: HttpResponse,
  thrown: unknown,
  what: string,
  report: ReportFailure,
): void {
  const error = toConnectError(thrown, what, report);
  const own = thrown instanceof ReleaseError ? ownStatuses[thrown.code] : undefined;
  const status = own ?? codeToHttpStatus(error.code);
  const headers: http.OutgoingHttpHeaders = {};
  if (status === 401) headers["www-authenticate"] = "Bearer";
  if (status === 503) headers["retry-after"] = "1";
  sendBytes(response, status, errorToJsonBytes(error, undefined), headers);
}

/** The client is gone: there is nobody to answer, and nothing of ours failed. */
function isBrokenConnection(thrown: unknown): boolean {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  return typeof code === "string" && brokenConnection.has(code);
}
const brokenConnection = new Set([
  "ECONNRESET",
  "EPIPE",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ERR_HTTP2_INVALID_STREAM",
  "ERR_HTTP2_STREAM_ERROR",
]);

function sendNotFound(response: HttpResponse): void {
  sendJson(response, 404, { code: "unimplemented", message: "There is nothing at this path" });
}

function sendMethodNotAllowed(response: HttpResponse, routes: readonly HttpRoute[]): void {
  const allow = routes.map(({ method }) => method).join(", ");
  sendJson(response, 405, { code: "unimplemented", message: `This path takes ${allow}` }, { allow });
}

/** Does nothing once a head has been sent: a body that broke off cannot be taken back, only cut. */
function sendBytes(
  response: HttpResponse,
  status: number,
  body: Uint8Array,
  headers: http.OutgoingHttpHeaders,
): void {
  if (response.headersSent) {
    cut(response);
    return;
  }
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": body.length,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...headers,
  });
  response.end(body);
}

function nameOf(request: HttpRequest): string {
  return `${request.method ?? "?"} ${pathOf(request)}`;
}

/**
 * Closing while a body is still arriving resets the connection, and the client may lose an answer that it
 * has not read yet. So what is left is read and thrown away, for a while.
 */
function lingerUntilRead(request: HttpRequest): void {
  if (request.readableEnded || request.destroyed || request.socket.destroyed) return;
  request.resume();
  const timer = setTimeout(() => cut(request), lingerMs);
  // An HTTP/1 request that was answered is not told when its connection closes.
  const connection = request instanceof http.IncomingMessage ? request.socket : request.stream;
  const stop = () => {
    clearTimeout(timer);
    connection.off("close", stop);
  };
  request.once("end", stop);
  connection.once("close", stop);
}
