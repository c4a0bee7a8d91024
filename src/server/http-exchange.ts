/** What HTTP/1 and HTTP/2 requests and answers share. */
import http from "node:http";
import http2 from "node:http2";

export type HttpRequest = http.IncomingMessage | http2.Http2ServerRequest;

/** Of both kinds of response what is used here; the union of their types cannot be called. */
export interface HttpResponse extends NodeJS.WritableStream {
  readonly headersSent: boolean;
  readonly statusCode: number;
  writeHead(status: number, headers: http.OutgoingHttpHeaders): unknown;
  writeContinue(): void;
}

export function pathOf(request: HttpRequest): string {
  return (request.url ?? "").split("?", 1)[0] ?? "";
}

/**
 * Ends a request or its answer where it stands: HTTP/1 has only its connection for that, HTTP/2 its stream,
 * which the request object's own destroy() would leave open.
 */
export function cut(exchange: HttpRequest | HttpResponse): void {
  if (exchange instanceof http2.Http2ServerRequest || exchange instanceof http2.Http2ServerResponse) {
    exchange.stream.close(http2.constants.NGHTTP2_CANCEL);
  } else if (exchange instanceof http.IncomingMessage || exchange instanceof http.ServerResponse) {
    exchange.destroy();
  }
}
