/** Node's HTTP/1 and HTTP/2 servers, fed with connections that another server accepted. */
import http from "node:http";
import http2 from "node:http2";
import type net from "node:net";
import type { StreamHandler } from "./grpc-unary.ts";

/** Takes requests of both protocols. `expectsContinue`: the client waits for `100 Continue` with its body. */
export type RequestHandler = (
  request: http.IncomingMessage | http2.Http2ServerRequest,
  response: http.ServerResponse | http2.Http2ServerResponse,
  expectsContinue: boolean,
) => void;

export interface ConnectionLimits {
  readonly maxConnections: number;
  readonly maxStreamsPerConnection: number;
  readonly maxHeaderSizeBytes: number;
  /**
   * From the connection to its first bytes, for a TLS handshake, and from a request's first byte to the end
   * of its headers.
   */
  readonly headersTimeoutMs: number;
  /** A connection without a request is closed after this. */
  readonly idleTimeoutMs: number;
  /** A connection with a request on which no byte moves is closed after this. */
  readonly stalledTimeoutMs: number;
}

export const connectionLimits: ConnectionLimits = {
  /** Each runner holds one or two; far below what a process may have open on any system. */
  maxConnections: 1_000,
  maxStreamsPerConnection: 250,
  /** Node's own default; calls have a few hundred bytes. */
  maxHeaderSizeBytes: 16 * 1024,
  headersTimeoutMs: 10_000,
  /** Longer than the minute after which common load balancers drop a connection, so that they do it, not we. */
  idleTimeoutMs: 90_000,
  /** Longer than any call is held open for a runner that waits. */
  stalledTimeoutMs: 300_000,
};

export interface ProtocolServers {
  take(socket: net.Socket, isHttp2: boolean): void;
  /**
   * Closes connections when their requests have ended. HTTP/2 clients are told at once which of their requests
   * will be answered. Those of HTTP/1.1 are told with their next answer; connections on which nothing comes for
   * lastRequestsMs are closed without a word, as HTTP/1.1 has none for that.
   */
  close(): void;
}

/**
 * Long enough for a request that is on its way when the server begins to close, and for the next one of a client
 * that calls again and again.
 */
export const lastRequestsMs = 500;

/** `serveStream` is asked first for every HTTP/2 request. */
export function createProtocolServers(
  handle: RequestHandler,
  limits: ConnectionLimits,
  serveStream: StreamHandler,
): ProtocolServers {
  const first = createHttp1(handle, limits);
  const second = createHttp2(handle, limits, serveStream);
  return {
    take(socket, isHttp2) {
      if (isHttp2) second.take(socket);
      else first.take(socket);
    },
    close() {
      first.close();
      second.close();
    },
  };
}

function createHttp1(handle: RequestHandler, limits: ConnectionLimits) {
  const server = http.createServer({
    maxHeaderSize: limits.maxHeaderSizeBytes,
    headersTimeout: limits.headersTimeoutMs,
    // Bodies have their own limits: an upload may take long, a call may not.
    requestTimeout: 0,
    keepAliveTimeout: limits.idleTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs),
  });
  server.timeout = limits.stalledTimeoutMs;
  const unanswered = new Set<http.ServerResponse>();
  let closing = false;
  let closed = false;
  const onRequest =
    (expectsContinue: boolean) => (request: http.IncomingMessage, response: http.ServerResponse) => {
      unanswered.add(response);
      if (closing) endAfter(response);
      response.once("close", () => {
        unanswered.delete(response);
        // One whose head was sent before the server began to close could not say it.
        if (closed) setImmediate(() => server.closeIdleConnections());
      });
      handle(request, response, expectsContinue);
    };
  server.on("request", onRequest(false));
  server.on("checkContinue", onRequest(true));
  // Node checks header timeouts and counts idle connections only from this event on, and it comes from
  // listen(), which this server never does.
  server.emit("listening");
  return {
    take: (socket: net.Socket) => void server.emit("connection", socket),
    close() {
      closing = true;
      for (const response of unanswered) endAfter(response);
      setTimeout(() => {
        closed = true;
        // Reports that it was not listening, after it has closed idle connections and stopped its timer.
        server.close(() => {});
      }, lastRequestsMs).unref();
    },
  };
}

/** Tells the client that this is the connection's last answer, and makes it so. */
function endAfter(response: http.ServerResponse): void {
  if (!response.headersSent) response.setHeader("connection", "close");
}

function createHttp2(handle: RequestHandler, limits: ConnectionLimits, serveStream: StreamHandler) {
  // Floods of resets, pings, settings and invalid frames are bounded by Node's and nghttp2's own defaults.
  const server = http2.createServer({
    settings: {
      maxConcurrentStreams: limits.maxStreamsPerConnection,
      maxHeaderListSize: limits.maxHeaderSizeBytes,
    },
  });
  const sessions = new Set<http2.ServerHttp2Session>();
  let closing = false;
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    watchSilence(session, limits);
    if (closing) session.close();
  });
  // Emitted for what a client did wrong; the session has been closed with the right code by then.
  server.on("sessionError", () => {});
  // Not the `request` event: what it makes for each stream is most of what a small call costs, and a stream
  // can be served without it.
  server.on("stream", (stream, headers, _flags, rawHeaders) => {
    if (serveStream(stream, headers)) return;
    const request = new http2.Http2ServerRequest(stream, headers, {}, rawHeaders);
    const response = new http2.Http2ServerResponse(stream);
    handle(request, response, headers.expect?.toLowerCase() === "100-continue");
  });
  return {
    take: (socket: net.Socket) => void server.emit("connection", socket),
    close() {
      closing = true;
      // Sends GOAWAY: a request that crosses it on its way is refused, which tells the client to send it elsewhere.
      for (const session of sessions) session.close();
    },
  };
}

/** Closes a session that is idle, and one whose requests do not move. */
function watchSilence(session: http2.ServerHttp2Session, limits: ConnectionLimits): void {
  let openStreams = 0;
  session.setTimeout(limits.idleTimeoutMs);
  session.on("stream", (stream) => {
    openStreams++;
    if (openStreams === 1) session.setTimeout(limits.stalledTimeoutMs);
    stream.once("close", () => {
      openStreams--;
      if (openStreams === 0) session.setTimeout(limits.idleTimeoutMs);
    });
  });
  session.on("timeout", () => {
    if (openStreams === 0) session.close();
    else session.destroy();
  });
}
