import type { ErrorCode } from "../error-table.ts";
import type { ReleaseError } from "../errors.ts";

const refusals: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "unauthenticated",
  "permission-denied",
  "cluster-not-found",
  "api-unsupported",
]);

/** Whether the control plane's answer is about the runner and not about what it sent: another try would get the same. */
export function isRefusal(error: ReleaseError): boolean {
  return refusals.has(error.code);
}
