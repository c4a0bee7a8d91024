/** Health and readiness: the only answers without a key, so they say nothing but yes or no. */
import { type HttpRoute, sendJson } from "./http-routes.ts";
import { withinMs } from "./within.ts";

export interface Readiness {
  /** Throws when calls would fail. */
  readonly probe: () => Promise<void>;
  /** Aborted when the control plane is about to stop. */
  readonly stopping: AbortSignal;
}

/** Kubernetes gives up on a probe after a second unless it is told otherwise. */
const probeLimitMs = 900;

/** `/healthz`: the process is there. `/readyz`: calls would be answered now. */
export function healthRoutes({ probe, stopping }: Readiness): readonly HttpRoute[] {
  const storeAnswers = shareWork(probe);
  const isReady = async () => {
    if (stopping.aborted) return false;
    return await withinMs(storeAnswers(), probeLimitMs).then(
      () => !stopping.aborted,
      () => false,
    );
  };
  return (["GET", "HEAD"] as const).flatMap((method): HttpRoute[] => [
    {
      method,
      path: /^\/healthz$/,
      access: "open",
      what: "",
      handle: async ({ response }) => sendJson(response, 200, { status: "ok" }),
    },
    {
      method,
      path: /^\/readyz$/,
      access: "open",
      what: "",
      handle: async ({ response }) => {
        const ready = await isReady();
        sendJson(response, ready ? 200 : 503, { status: ready ? "ok" : "unavailable" });
      },
    },
  ]);
}

export function isHealthPath(path: string): boolean {
  return path === "/healthz" || path === "/readyz";
}

/** Whoever asks meanwhile waits for the same: a store that hangs is asked once, however many balancers ask. */
function shareWork(work: () => Promise<void>): () => Promise<void> {
  let underWay: Promise<void> | undefined;
  return () => {
    underWay ??= work().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}
