/** Health and readiness: the only answers without a key, so they say nothing but yes or no. */
import { type HttpRoute, sendJson } from "./http-routes.ts";

/** `isReady` throws or answers false when calls would fail. */
export function healthRoutes(isReady: () => Promise<boolean>): readonly HttpRoute[] {
  return [
    {
      method: "GET",
      path: /^\/healthz$/,
      access: "open",
      what: "",
      handle: async ({ response }) => sendJson(response, 200, { status: "ok" }),
    },
    {
      method: "GET",
      path: /^\/readyz$/,
      access: "open",
      what: "",
      handle: async ({ response }) => {
        const ready = await isReady().catch(() => false);
        sendJson(response, ready ? 200 : 503, { status: ready ? "ok" : "unavailable" });
      },
    },
  ];
}
