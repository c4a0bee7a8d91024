import http from "node:http";
import { createContextKey, createContextValues } from "@connectrpc/connect";
import type { HttpRequest } from "./http-exchange.ts";

/**
 * The connection that a call came over: a socket or an HTTP/2 session. Requests of one runner are told from
 * another's by it, since nothing in them says who asks.
 */
export interface Peer {
  readonly destroyed: boolean;
}

export const peerKey = createContextKey<Peer | undefined>(undefined);

export function peerValues(request: HttpRequest) {
  const peer = request instanceof http.IncomingMessage ? request.socket : request.stream.session;
  return createContextValues().set(peerKey, peer);
}

/** For handlers; undefined for calls within the process. */
export function peerOf(context: {
  readonly values: ReturnType<typeof createContextValues>;
}): Peer | undefined {
  return context.values.get(peerKey);
}
