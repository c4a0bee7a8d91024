/** All listeners of one control plane: over which protocols its calls are served, and for whom. */
import { UserError } from "../errors.ts";
import { type Authenticate, authenticateByKey, type KnownKeys, trustEveryone } from "./auth.ts";
import type { Calls } from "./calls.ts";
import type { CertificateSource } from "./certificate-watch.ts";
import type { ServerFigures } from "./figures.ts";
import { createGrpcUnary, type LoadMethod } from "./grpc-unary.ts";
import { isLocal, type ListenAddress, type Listener, startListener } from "./listener.ts";
import { loadOnce } from "./load-once.ts";
import { handleWhenLoaded } from "./loaded-handler.ts";
import { onLoopbackHosts } from "./loopback-hosts.ts";
import { connectionLimits } from "./protocol-servers.ts";
import { type Answer, withRequestLog, withStreamLog } from "./request-log.ts";
import type { ReportFailure } from "./rpc-errors.ts";
import { rpcLimits } from "./rpc-limits.ts";

export interface Listeners {
  /** See ControlPlane. */
  listen(
    addresses: readonly ListenAddress[],
    auth: "keys" | "none",
    certificates?: CertificateSource,
  ): Promise<Listener>;
  openConnections(): number;
  /** Of the certificate in use, in milliseconds since 1970; undefined without TLS. */
  certificateEndMs(): number | undefined;
  close(limitMs: number): Promise<void>;
}

interface ListenersDeps {
  readonly keys: KnownKeys;
  /** By path; see frequent-methods.ts. */
  readonly frequent: ReadonlyMap<string, LoadMethod>;
  /** Loaded by the first request that needs it. */
  readonly calls: () => Calls | Promise<Calls>;
  readonly figures: ServerFigures;
  readonly report: ReportFailure;
  readonly onAnswer: ((answer: Answer) => void) | undefined;
}

export function createListeners(deps: ListenersDeps): Listeners {
  const { keys, figures, report } = deps;
  const plainRefusal = loadOnce(async () =>
    (await import("./plain-refusal.ts")).refusePlainRequests(report, figures.rpcs),
  );
  const listeners: Listener[] = [];
  let certificatesInUse: CertificateSource | undefined;
  return {
    async listen(addresses, auth, certificates) {
      if (auth === "none" && !addresses.every(isLocal)) {
        throw new UserError("auth-required", "Without keys only loopback addresses are served");
      }
      const authenticate = auth === "none" ? trustEveryone("anyone") : authenticateByKey(keys);
      const listener = await startListener({
        addresses,
        ...handlersFor(authenticate, auth === "none", deps),
        limits: connectionLimits,
        tls: certificates && { certificates, refusePlain: handleWhenLoaded(plainRefusal, report) },
      });
      listeners.push(listener);
      certificatesInUse = certificates;
      return listener;
    },
    openConnections: () => listeners.reduce((sum, listener) => sum + listener.openConnections(), 0),
    certificateEndMs: () => certificatesInUse?.current.validToMs,
    async close(limitMs) {
      await Promise.all(listeners.map((listener) => listener.close(limitMs)));
    },
  };
}

/** Of every request, and of the streams that are served the short way. */
function handlersFor(
  authenticate: Authenticate,
  loopbackHostsOnly: boolean,
  { frequent, calls, figures, report, onAnswer }: ListenersDeps,
) {
  const handler = loadOnce(async () => (await calls()).handler(authenticate, loopbackHostsOnly));
  const handle = handleWhenLoaded(handler, report);
  const unary = createGrpcUnary({
    methods: frequent,
    authenticate,
    limits: rpcLimits,
    report,
    figures: figures.rpcs,
  });
  const serveStream = loopbackHostsOnly ? onLoopbackHosts(unary) : unary;
  if (onAnswer === undefined) return { handle, serveStream };
  return { handle: withRequestLog(handle, onAnswer), serveStream: withStreamLog(serveStream, onAnswer) };
}
