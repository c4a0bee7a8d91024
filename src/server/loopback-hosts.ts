/** Where no key is asked for, only requests that name this machine are served: see RequestHandlerParts. */
import { isLoopback } from "../engine/loopback.ts";
import type { StreamHandler } from "./grpc-unary.ts";

/** What it does not allow is left for the handler to refuse. */
export function onLoopbackHosts(serve: StreamHandler): StreamHandler {
  return (stream, headers) =>
    isLoopbackName(stream.session?.socket.remoteAddress, headers[":authority"]) && serve(stream, headers);
}

export function isLoopbackName(remoteAddress: string | undefined, host: string | undefined): boolean {
  if (remoteAddress === undefined) return true;
  const url = URL.parse(`http://${host ?? ""}`);
  return url !== null && isLoopback(url.hostname);
}
