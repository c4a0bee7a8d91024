import { SystemError, toReleaseError } from "../errors.ts";
import { type Attempt, type ClusterOutcome, outcomeOf } from "../release/deploy.ts";
import type { OnFailure } from "../release/on-failure.ts";
import type { ReleaseApi } from "../release/release-api.ts";
import { after, type StopGrace } from "../release/stop-grace.ts";
import type { RunRecord } from "../report/record.ts";
import type { StageDeps } from "./stage.ts";

/** A roll-out that has failed. */
export interface FailedRollOut {
  readonly workflow: string;
  /** The clusters that it has asked the control plane to change. */
  readonly attempts: readonly Attempt[];
  readonly onFailure: OnFailure;
  readonly failure: unknown;
  readonly report: (outcome: ClusterOutcome) => void;
  readonly grace: StopGrace;
}

/** A control plane that is down for longer than this is not waited for. */
const restoreMs = 60_000;

/** Rolls back what is to be rolled back. @returns What the run fails with. */
export async function settleFailure(
  api: ReleaseApi,
  { workflow, attempts, onFailure, failure, report, grace }: FailedRollOut,
  record: RunRecord,
  { log, signal, world: { sleep } }: Pick<StageDeps, "log" | "signal" | "world">,
): Promise<unknown> {
  if (attempts.length === 0) return failure;
  if (onFailure === "leave") return failureLeft([...record.deployments.values()], failure);
  const { failureAfterRollback, restoreClusters } = await import("../release/rollback.ts");
  const cause = toReleaseError(signal.aborted ? signal.reason : failure);
  record.rollback = { because: cause.code };
  for (const { planned } of attempts) {
    // A report that is written before this has ended must not promise too much.
    const why = "the run ended before it was restored";
    record.deployments.set(planned.cluster, outcomeOf(planned, undefined, "not-restored", why));
  }
  using limit = after(restoreMs, sleep);
  const outcomes = await log.group(`Roll back, because: ${cause.message}`, () =>
    restoreClusters(api, attempts, {
      workflow,
      signal: AbortSignal.any([grace.rollback, limit.signal]),
      sleep,
      report,
    }),
  );
  return failureAfterRollback(outcomes, failure);
}

/** Where some clusters have the release and some do not, that is what a person must know first. */
function failureLeft(outcomes: readonly ClusterOutcome[], failure: unknown): unknown {
  const without = outcomes.filter(({ outcome }) => outcome !== "deployed" && outcome !== "unchanged");
  const changed = outcomes.some(({ outcome }) => outcome === "deployed" || outcome === "unknown");
  if (without.length === 0 || !changed) return failure;
  const message = `${without.length} of ${outcomes.length} clusters do not have the release`;
  return new SystemError("deploy-incomplete", message, {
    cause: failure,
    problems: without.map(({ cluster, after, outcome }) => ({
      message:
        outcome === "unknown"
          ? `${cluster}: could not be read back`
          : `${cluster}: has ${after === undefined ? "no release" : `release ${after}`}`,
    })),
  });
}
