/** How a GitHub Deployment ends: the state that says whether the release is proven on the cluster, and words. */
import type { ClusterOutcome } from "../../release/deploy.ts";
import type { RunRecord } from "../record.ts";
import type { DeploymentState } from "./deployment-record.ts";

export interface DeploymentEnd {
  readonly state: DeploymentState;
  readonly words: string;
}

/**
 * `success` is proof for a promotion, so it is said only when the stage is over: deployed everywhere, gates passed.
 * A later word about the same deployment replaces an earlier one, as when production's failure rolls dev back.
 */
export function endOf(outcome: ClusterOutcome, record: RunRecord): DeploymentEnd {
  const words = outcomeWords(outcome, record);
  switch (outcome.outcome) {
    case "deployed":
    case "unchanged":
      if (record.failure?.stage === outcome.stage)
        return { state: "failure", words: `${words}, but it is not proven (${record.failure.code})` };
      return isOlder(outcome, record) ? { state: "inactive", words } : { state: "success", words };
    case "failed":
    case "restored":
    case "taken-over":
      return { state: "failure", words };
    case "planned":
    case "unknown":
    case "not-restored":
      return { state: "error", words };
  }
}

/** The release was there already, put there by a newer commit, which stays the one that counts. */
function isOlder({ cluster }: ClusterOutcome, { overwrites }: RunRecord): boolean {
  const check = overwrites.get(cluster);
  return check?.isThere === true && check.verdict.kind === "refuse";
}

export function outcomeWords(outcome: ClusterOutcome, record: RunRecord): string {
  const { before, after } = outcome;
  const why = record.failure === undefined ? "" : ` (${record.failure.code})`;
  switch (outcome.outcome) {
    case "deployed":
      return `deployed, was ${before ?? "empty"}`;
    case "unchanged":
      return isOlder(outcome, record)
        ? "unchanged, has this release of a newer commit already"
        : "unchanged, had this release already";
    case "failed":
      return `not deployed, has ${after ?? "no release"}${why}`;
    case "planned":
      return `not carried out, has ${after ?? "no release"}${why}`;
    case "unknown":
      return `could not be read back${why}`;
    case "restored":
      return `rolled back, has ${after ?? "no release"} again${why}`;
    case "not-restored":
      return `should have ${before ?? "no release"} again, has ${after ?? "what is not known"}${why}`;
    case "taken-over":
      return `somebody else deployed ${after ?? "no release"} meanwhile${why}`;
  }
}
