import { type HttpRoute, sendText } from "./http-routes.ts";
import type { ServerMetrics } from "./metrics.ts";

/**
 * GET /metrics, for keys of both roles: it names nothing that a user made, and who scrapes should not hold a key that
 * may deploy.
 */
export function metricsRoute(load: () => ServerMetrics | Promise<ServerMetrics>): HttpRoute {
  return {
    method: "GET",
    path: /^\/metrics$/,
    access: "runner",
    what: "read metrics",
    handle: async ({ response }) => {
      const metrics = await load();
      sendText(response, metrics.contentType, await metrics.text());
    },
  };
}
