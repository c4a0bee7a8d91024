/**
 * Gives every cluster that a run changed its own previous release back. It needs nothing but the plan: no
 * build, no checkout. What a cluster got from somebody else meanwhile is left alone.
 */
import { SystemError } from "../errors.ts";
import { deployRelease, readRelease, undeployRelease } from "./cluster-calls.ts";
import { type Attempt, type ClusterOutcome, nameOf, outcomeOf, settleMs } from "./deploy.ts";
import type { PlannedCluster } from "./deploy-plan.ts";
import type { ReleaseApi } from "./release-api.ts";
import type { Sleep } from "./stop-grace.ts";

export interface RestoreOptions {
  readonly workflow: string;
  /** Ends the restoring, wherever it is: what is not restored by then is listed. */
  readonly signal: AbortSignal;
  readonly sleep: Sleep;
  readonly report: (outcome: ClusterOutcome) => void;
}

/** Calls that change one cluster; each of them is repeated by the client where that helps. */
const maxCalls = 2;

/** Never throws. Resolves when each cluster has been read back, or cannot be. */
export async function restoreClusters(
  api: ReleaseApi,
  attempts: readonly Attempt[],
  options: RestoreOptions,
): Promise<readonly ClusterOutcome[]> {
  return await Promise.all(
    attempts.map(async (attempt) => {
      const outcome = await restore(api, attempt, options);
      options.report(outcome);
      return outcome;
    }),
  );
}

async function restore(
  api: ReleaseApi,
  { planned, inDoubt }: Attempt,
  options: RestoreOptions,
): Promise<ClusterOutcome> {
  const place = { workflow: options.workflow, cluster: planned.cluster };
  let why: string | undefined;
  let calls = 0;
  let settled = !inDoubt;
  for (;;) {
    const now = await attemptTo(() => readRelease(api, place, options.signal));
    if (now instanceof Error) return outcomeOf(planned, undefined, "not-restored", why ?? now.message);
    if (now?.id === planned.after.id) {
      if (calls === maxCalls) {
        const silent = `the control plane took it back, but the cluster still has ${nameOf(now)}`;
        return outcomeOf(planned, now, "not-restored", why ?? silent);
      }
      calls++;
      const put = await attemptTo(() => putBack(api, planned, options));
      why = put instanceof Error ? put.message : undefined;
      settled ||= why === undefined;
    } else if (now?.id !== planned.before?.id) {
      return outcomeOf(planned, now, "taken-over");
    } else if (!settled) {
      settled = true;
      await options.sleep(settleMs, options.signal);
    } else return outcomeOf(planned, now, calls > 0 || !inDoubt ? "restored" : "failed");
  }
}

async function putBack(
  api: ReleaseApi,
  { cluster, before, after }: PlannedCluster,
  { workflow, signal }: RestoreOptions,
): Promise<void> {
  const change = { reason: "rollback", expected: after, signal } as const;
  const place = { workflow, cluster };
  if (before === undefined) await undeployRelease(api, place, after, change);
  else await deployRelease(api, place, before, change);
}

async function attemptTo<T>(work: () => Promise<T>): Promise<T | Error> {
  try {
    return await work();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/**
 * What the run fails with: what made it fail, unless a cluster is left without what it had.
 * @param outcomes of restoreClusters.
 */
export function failureAfterRollback(outcomes: readonly ClusterOutcome[], failure: unknown): unknown {
  const left = outcomes.filter(({ outcome }) => outcome === "not-restored");
  if (left.length === 0) return failure;
  return new SystemError(
    "rollback-incomplete",
    `${left.length} of ${outcomes.length} clusters did not get back what they had`,
    {
      cause: failure,
      problems: left.map(({ cluster, before, why }) => ({
        message: `${cluster}: should have ${before === undefined ? "no release" : `release ${before}`}; ${why ?? "not restored"}`,
      })),
    },
  );
}
