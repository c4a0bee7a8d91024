/** Task contracts over HTTP/1.1. A control plane without these paths (the hosted service) keeps none. */
import { Readable } from "node:stream";
import { contractLimitBytes } from "../engine/contract.ts";
import { type ArtifactTransfer, contractPath } from "./artifact-transfer.ts";
import type { FailedCall } from "./call-rules.ts";
import {
  exchange,
  isNoSuchPath,
  type OpenRequest,
  readAtMost,
  requireSuccess,
  withErrors,
} from "./http-exchange.ts";

export function createHttpContracts(
  open: OpenRequest,
  host: string,
): Pick<ArtifactTransfer, "keepContract" | "findContract"> {
  const callOf = (name: string, signal: AbortSignal | undefined): FailedCall => ({
    name,
    host,
    missing: ["release"],
    signal,
  });
  return {
    keepContract: (fingerprint, json, signal) =>
      withErrors(callOf("keeping the task contract", signal), async () => {
        const body = Buffer.from(json);
        const headers = { "content-type": "application/json", "content-length": body.length };
        const request = open("PUT", contractPath(fingerprint), headers);
        const response = await exchange(request, Readable.from([body]), signal);
        const isKept = !isNoSuchPath(response);
        if (isKept) await requireSuccess(response);
        response.resume();
        return isKept;
      }),
    findContract: (fingerprint, signal) =>
      withErrors(callOf("reading the task contract", signal), async () => {
        const response = await exchange(open("GET", contractPath(fingerprint), {}), undefined, signal);
        if (isNoSuchPath(response)) {
          response.resume();
          return undefined;
        }
        await requireSuccess(response);
        // One byte more than it may have is enough to know that it is none of ours.
        return Buffer.from(await readAtMost(response, contractLimitBytes + 1)).toString("utf8");
      }),
  };
}
