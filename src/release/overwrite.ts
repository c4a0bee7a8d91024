/** Before clusters get a release: whether its commit may overwrite what they have now. */
import { type Problem, UserError } from "../errors.ts";
import { type Ancestry, judgeOverwrite, type OverwriteVerdict } from "./ancestry.ts";
import type { RolloutStage } from "./clusters.ts";
import type { DeployPlan } from "./deploy-plan.ts";
import type { DeploymentRecord, DeploymentRecords } from "./deployment-records.ts";

export interface OverwriteCheck {
  readonly cluster: string;
  readonly stage: RolloutStage;
  /** Id of the release that the cluster has. */
  readonly deployed: string;
  /** Who deployed it, where that is recorded. */
  readonly record: DeploymentRecord | undefined;
  readonly verdict: OverwriteVerdict;
  /** The cluster has the release already. A newer commit that put it there stays the one that is recorded. */
  readonly isThere: boolean;
}

export interface OverwriteSources {
  readonly workflow: string;
  /** The commit that the release is deployed as. */
  readonly commit: string | undefined;
  readonly records: DeploymentRecords;
  /** Never throws. */
  readonly compare: (deployed: string, ours: string) => Promise<Ancestry>;
  readonly signal: AbortSignal;
}

/** Checks each cluster of the plan that has a release. Throws only for an aborted signal. */
export async function checkOverwrites(
  plan: DeployPlan,
  sources: OverwriteSources,
): Promise<OverwriteCheck[]> {
  const checks = await Promise.all(
    plan.map(async ({ cluster, stage, before, change }): Promise<OverwriteCheck | undefined> => {
      if (before === undefined) return undefined;
      const check = { cluster, stage, deployed: before.id, isThere: change === "unchanged" };
      const record = await recordOf(cluster, before.id, sources);
      if (record instanceof Error) {
        const why = `who deployed release ${before.id} could not be read: ${record.message}`;
        return { ...check, record: undefined, verdict: { kind: "unproven", why } };
      }
      return { ...check, record, verdict: await judge(record?.commit, sources) };
    }),
  );
  return checks.filter((check) => check !== undefined);
}

async function judge(
  deployed: string | undefined,
  { commit, compare }: OverwriteSources,
): Promise<OverwriteVerdict> {
  if (deployed === undefined) return judgeOverwrite(undefined, undefined);
  const why = "this run does not know of which commit its release is";
  const ancestry: Ancestry =
    commit === undefined ? { kind: "unknown", why } : await compare(deployed, commit);
  return judgeOverwrite(ancestry, deployed);
}

/**
 * The last deployment that a commit was the reason for: a rollback puts a release back, and the commit of its run is
 * that of the release which it took away.
 */
async function recordOf(
  cluster: string,
  release: string,
  { workflow, records, signal }: OverwriteSources,
): Promise<DeploymentRecord | Error | undefined> {
  try {
    const known = await records.list(workflow, cluster);
    const own = known.filter((record) => record.release === release && record.reason !== "rollback");
    // One that was superseded may also be of an older commit, which found the release there and left it so.
    const counts = own.find(({ outcome }) => outcome === "succeeded" || outcome === "unfinished") ?? own[0];
    if (counts !== undefined) return counts;
    const found = await records.find(workflow, cluster, release);
    return found?.reason === "rollback" ? undefined : found;
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** What must not be overwritten. A cluster that has the release already loses nothing. */
export function refusedOverwrites(checks: readonly OverwriteCheck[]): OverwriteCheck[] {
  return checks.filter(({ verdict, isThere }) => verdict.kind === "refuse" && !isThere);
}

/** @throws UserError commit-older, one problem a cluster */
export function requireOverwritable(checks: readonly OverwriteCheck[], isAllowed: boolean): void {
  const refused = refusedOverwrites(checks);
  if (refused.length === 0 || isAllowed) return;
  throw new UserError("commit-older", "An older commit must not overwrite a newer one", {
    problems: refused.map(({ cluster, deployed, record, verdict }): Problem => {
      const by = record?.run?.url === undefined ? "" : ` by ${record.run.url}`;
      return {
        message: `${cluster}: ${whyOf(verdict)}`,
        hint: `release ${deployed} was deployed there${by}`,
      };
    }),
  });
}

export function whyOf(verdict: OverwriteVerdict): string {
  return verdict.kind === "go" ? "" : verdict.why;
}
