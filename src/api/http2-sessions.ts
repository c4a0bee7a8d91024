import type http2 from "node:http2";
import type { GrpcTransportOptions } from "@connectrpc/connect-node";

type SessionManager = NonNullable<GrpcTransportOptions["sessionManager"]>;

/**
 * Keeps the error of a broken session from ending the process. A session fails its calls first and emits
 * its own error some turns later; when the manager has moved on by then, because it was aborted or opened
 * another session, nobody listens any more. The calls have told it already.
 */
export function withQuietSessions(manager: SessionManager): SessionManager {
  const heard = new WeakSet<http2.Http2Session>();
  return {
    authority: manager.authority,
    async request(method, path, headers, options) {
      const stream = await manager.request(method, path, headers, options);
      const { session } = stream;
      if (session !== undefined && !heard.has(session)) {
        heard.add(session);
        session.on("error", () => {});
      }
      return stream;
    },
    notifyResponseByteRead: (stream) => manager.notifyResponseByteRead(stream),
  };
}
