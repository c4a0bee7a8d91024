import type { Rollout } from "./clusters.ts";

/** What becomes of the clusters that a run has changed when it fails: they get back what they had, or stay. */
export type OnFailure = "rollback" | "leave";
export const onFailureChoices: readonly OnFailure[] = ["rollback", "leave"];

/**
 * A run that reaches for production gives everything back, dev too. One for dev alone leaves what failed where
 * somebody can look at it.
 */
export function onFailureOf(chosen: OnFailure | undefined, rollout: Rollout): OnFailure {
  return chosen ?? (rollout.production.length > 0 ? "rollback" : "leave");
}
