import type { ChangeReason, GateKind } from "../engine/provenance.ts";
import { SystemError, UserError } from "../errors.ts";
import { deployRelease, type Place, readRelease } from "./cluster-calls.ts";
import type { RolloutStage } from "./clusters.ts";
import type { DeployedRelease, DeployPlan, PlannedCluster } from "./deploy-plan.ts";
import type { ReleaseApi } from "./release-api.ts";
import { after, type Sleep, type StopGrace } from "./stop-grace.ts";

/** What became of one cluster. */
export interface ClusterOutcome {
  readonly cluster: string;
  readonly stage: RolloutStage;
  /** Release ids. */
  readonly before: string | undefined;
  /** What it has now, as far as it could be read. */
  readonly after: string | undefined;
  readonly outcome: ClusterState;
  /** Why it is not as it should be, where the failure of the run does not say it. */
  readonly why?: string;
}

export type ClusterState =
  /** Not reached. */
  | "planned"
  | "deployed"
  | "unchanged"
  /** It has what it had. */
  | "failed"
  /** It could not be read back. */
  | "unknown"
  /** It had the new release and has its own previous one again, or none where it had none. */
  | "restored"
  /** It should have got its previous release back and did not, or that is not known. */
  | "not-restored"
  /** Somebody else deployed there meanwhile; that was left alone. */
  | "taken-over";

/** A cluster that this run has asked the control plane to change. */
export interface Attempt {
  readonly planned: PlannedCluster;
  /** The call's answer was not received: it may be carried out later than anything that was read since. */
  readonly inDoubt: boolean;
}

export interface DeployOptions {
  readonly reason: ChangeReason;
  /** The commit that the release is deployed as. */
  readonly commit: string | undefined;
  /** Whether this commit may stand as the one that is deployed, where a cluster has the release already. */
  readonly mayClaim: (planned: PlannedCluster) => Promise<boolean>;
  /** The gates that are run afterwards. */
  readonly gates: readonly GateKind[];
  /** Stops between two clusters. */
  readonly signal: AbortSignal;
  readonly grace: StopGrace;
  readonly sleep: Sleep;
  /** Told each cluster's outcome, before an error too, so that nothing that was changed goes unsaid. */
  readonly report: (outcome: ClusterOutcome) => void;
  /** Told before a change is asked for, and again when its answer was received. */
  readonly attempted: (attempt: Attempt) => void;
}

/** How long reading a cluster back may take. */
const readBackMs = 30_000;
/** How much later than a read a call may be carried out whose answer was lost. */
export const settleMs = 300;

/**
 * Carries out one stage of a plan, one cluster after the other: each is read just before, because somebody else may
 * have deployed since the plan was made, and read back before the next one is touched.
 *
 * @throws UserError deployment-changed when somebody else deployed meanwhile; SystemError deploy-mismatch when the
 *   control plane took a deployment that the cluster does not have; whatever ended the call to a cluster that does
 *   not have the release afterwards.
 */
export async function deployStage(
  api: ReleaseApi,
  workflow: string,
  plan: DeployPlan,
  stage: RolloutStage,
  options: DeployOptions,
): Promise<void> {
  const planned = plan.filter((entry) => entry.stage === stage);
  for (const entry of planned) {
    options.signal.throwIfAborted();
    await deployTo(api, workflow, entry, options);
  }
}

async function deployTo(
  api: ReleaseApi,
  workflow: string,
  planned: PlannedCluster,
  options: DeployOptions,
): Promise<void> {
  const { report } = options;
  const place = { workflow, cluster: planned.cluster };
  const found = await readRelease(api, place, options.signal);
  if (found?.id === planned.after.id) {
    const there: PlannedCluster = { ...planned, before: found, change: "unchanged" };
    if (await options.mayClaim(there)) await claim(api, place, there, options);
    else report(outcomeOf(planned, found, "unchanged"));
    return;
  }
  if (found?.id !== planned.before?.id) {
    report(outcomeOf(planned, found, "taken-over"));
    throw changedMeanwhile(planned, found);
  }
  let failure: unknown;
  options.attempted({ planned, inDoubt: true });
  try {
    await deployRelease(api, place, planned.after, {
      reason: options.reason,
      commit: options.commit,
      gates: options.gates,
      expected: planned.before,
      signal: options.grace.lastAnswer,
    });
    options.attempted({ planned, inDoubt: false });
  } catch (error) {
    // The answer may be lost though the call was carried out: the cluster itself tells.
    failure = error;
  }
  const now = await readBack(api, workflow, planned, failure, options);
  if (now?.id === planned.after.id) {
    report(outcomeOf(planned, now, "deployed"));
    return;
  }
  const hasWhatItHad = now?.id === planned.before?.id;
  report(outcomeOf(planned, now, hasWhatItHad ? "failed" : "taken-over"));
  if (!hasWhatItHad) throw changedMeanwhile(planned, now, failure);
  const message = `${planned.cluster} has ${nameOf(now)} after release ${planned.after.id} was deployed there`;
  throw failure ?? new SystemError("deploy-mismatch", message);
}

/**
 * Changes nothing on the cluster: a server that keeps a history keeps there which commit has the release now. Where
 * that call is lost, the cluster still has the release that the run is to deploy; a refusal fails the run.
 */
async function claim(
  api: ReleaseApi,
  place: Place,
  planned: PlannedCluster,
  options: DeployOptions,
): Promise<void> {
  const { before, after } = planned;
  const { reason, commit, gates, grace, report } = options;
  const signal = grace.lastAnswer;
  try {
    await deployRelease(api, place, after, { reason, commit, gates, expected: before, signal });
    report(outcomeOf(planned, after, "unchanged"));
  } catch (error) {
    const now = await readBack(api, place.workflow, planned, error, options);
    const isThere = now?.id === after.id;
    const why = `that it is deployed as ${commit ?? "this run's"} may not be recorded`;
    report(outcomeOf(planned, now, isThere ? "unchanged" : "taken-over", isThere ? why : undefined));
    if (!isThere) throw changedMeanwhile(planned, now, error);
    if (!(error instanceof SystemError)) throw error;
  }
}

async function readBack(
  api: ReleaseApi,
  workflow: string,
  planned: PlannedCluster,
  failure: unknown,
  { grace, sleep, report }: DeployOptions,
): Promise<DeployedRelease | undefined> {
  using limit = after(readBackMs, sleep);
  try {
    const { cluster } = planned;
    const signal = AbortSignal.any([limit.signal, grace.readBack]);
    const now = await readRelease(api, { workflow, cluster }, signal);
    if (failure === undefined || now?.id !== planned.before?.id) return now;
    await sleep(settleMs, signal);
    return await readRelease(api, { workflow, cluster }, signal);
  } catch (error) {
    report(outcomeOf(planned, undefined, "unknown"));
    throw failure ?? error;
  }
}

function changedMeanwhile(
  { cluster, before }: PlannedCluster,
  now: DeployedRelease | undefined,
  cause?: unknown,
): UserError {
  const message = `${cluster} has ${nameOf(now)}, which is neither what it had when the plan was made (${nameOf(before)}) nor what this run deploys`;
  return new UserError("deployment-changed", message, { cause });
}

export function nameOf(release: DeployedRelease | undefined): string {
  return release === undefined ? "no release" : `release ${release.id}`;
}

export function outcomeOf(
  { cluster, stage, before }: PlannedCluster,
  after: DeployedRelease | undefined,
  outcome: ClusterState,
  why?: string,
): ClusterOutcome {
  return {
    cluster,
    stage,
    before: before?.id,
    after: after?.id,
    outcome,
    ...(why === undefined ? {} : { why }),
  };
}
