/** GET and PUT /contracts/FINGERPRINT: task contracts, which the public contract has no call for. */
import { contractPath } from "../api/artifact-transfer.ts";
import { contractLimitBytes } from "../engine/contract.ts";
import { UserError } from "../errors.ts";
import type { ArtifactRoom } from "./artifacts.ts";
import type { HttpRequest } from "./http-exchange.ts";
import { type HttpRoute, sendJson } from "./http-routes.ts";

const path = new RegExp(`^${contractPath("(?<fingerprint>[^/]*)")}$`);

export function contractRoutes(room: ArtifactRoom): readonly HttpRoute[] {
  return [
    {
      method: "GET",
      path,
      access: "runner",
      what: "read task contracts",
      handle: async ({ response, params: { fingerprint = "" } }) => {
        const json = await room.findContract(fingerprint);
        if (json === undefined) {
          sendJson(response, 404, { code: "not_found", message: `There is no task contract ${fingerprint}` });
          return;
        }
        sendJson(response, 200, JSON.parse(json), {
          // The first one of a fingerprint stays; `private` because it needs a key.
          "cache-control": "private, max-age=31536000, immutable",
        });
      },
    },
    {
      method: "PUT",
      path,
      access: "admin",
      what: "keep task contracts",
      handle: async ({ request, response, params: { fingerprint = "" }, acceptBody }) => {
        acceptBody();
        await room.keepContract(fingerprint, await textOf(request));
        sendJson(response, 200, { fingerprint });
      },
    },
  ];
}

async function textOf(request: HttpRequest): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  // Leaving the loop early must not destroy the request: its connection still has to carry the answer.
  const body: AsyncIterable<Uint8Array> = request.iterator({ destroyOnReturn: false });
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > contractLimitBytes) {
      throw new UserError("request-invalid", `A task contract has at most ${contractLimitBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
