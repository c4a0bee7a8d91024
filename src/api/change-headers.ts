/** What a publish, deploy or undeploy says beside the public contract, in headers that other servers ignore. */
import {
  type ChangeReason,
  encodeProvenance,
  type GateKind,
  provenanceHeader,
  type RunProvenance,
} from "../engine/provenance.ts";
import { UserError } from "../errors.ts";

/** JSON: cluster slug to the id of the release that it must still have of the workflow, or null for none. */
export const expectationHeader = "workflow-release-expects";

/** About 150 clusters; all headers of a request share 16 KiB in Node. */
export const expectationLimitBytes = 12 * 1024;

export interface Change {
  readonly reason: ChangeReason;
  /** The gates that are run after it. */
  readonly gates?: readonly GateKind[];
  /**
   * What the clusters must still have, undefined for nothing; else our control plane refuses the call with
   * deployment-changed and changes nothing. One that has what is asked for already is no conflict.
   */
  readonly expected?: ReadonlyMap<string, string | undefined>;
}

/** For the `headers` of a call. Throws request-invalid for more clusters than fit. */
export function changeHeaders(
  run: RunProvenance,
  { reason, gates, expected }: Change,
): Readonly<Record<string, string>> {
  const provenance = encodeProvenance({ ...run, reason, ...(gates === undefined ? {} : { gates }) });
  if (expected === undefined) return { [provenanceHeader]: provenance };
  const expectation = JSON.stringify(
    Object.fromEntries([...expected].map(([cluster, release]) => [cluster, release ?? null])),
  );
  if (expectation.length > expectationLimitBytes) {
    throw new UserError("request-invalid", `${expected.size} clusters are too many for one call`, {
      next: "Deploy to them in several calls.",
    });
  }
  return { [provenanceHeader]: provenance, [expectationHeader]: expectation };
}
