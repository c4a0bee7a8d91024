import type { Cluster } from "../api/gen/workflows/v1/workflows_pb.ts";
import { ReleaseError, SystemError, UserError } from "../errors.ts";
import type { Rollout, RolloutStage } from "./clusters.ts";
import type { DeployedRelease, DeployPlan, PlannedCluster } from "./deploy-plan.ts";
import type { ReleaseApi } from "./release-api.ts";
import { releaseIdBytes, toDeployedRelease } from "./release-id.ts";

/** What became of one cluster. `unknown` is a cluster whose state could not be read back. */
export interface ClusterOutcome {
  readonly cluster: string;
  readonly stage: RolloutStage;
  /** Release ids. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly outcome: "planned" | "deployed" | "unchanged" | "failed" | "unknown";
}

/** How long reading back may go on after the run was told to stop: the runner kills it after 7.5 s. */
const readBackGraceMs = 3_000;

/**
 * Reads what each cluster of the rollout has of this workflow now. All clusters are asked before anything
 * is changed.
 * @throws UserError cluster-not-found naming every cluster that does not exist.
 */
export async function readClusters(
  api: ReleaseApi,
  workflow: string,
  rollout: Rollout,
  signal: AbortSignal,
): Promise<Map<string, DeployedRelease | undefined>> {
  const slugs = [...rollout.dev, ...rollout.production];
  const missing: string[] = [];
  const entries = await Promise.all(
    slugs.map(async (slug) => {
      try {
        const cluster = await api.workflows.getCluster({ clusterSlug: slug }, { signal });
        return [slug, releaseOn(cluster, workflow)] as const;
      } catch (error) {
        if (!(error instanceof ReleaseError) || error.code !== "cluster-not-found") throw error;
        missing.push(slug);
        return [slug, undefined] as const;
      }
    }),
  );
  if (missing.length > 0) {
    const list = slugs.filter((slug) => missing.includes(slug));
    throw new UserError("cluster-not-found", `There is no cluster ${list.join(", ")}`, {
      problems: list.map((slug) => ({ message: `cluster ${slug} does not exist` })),
    });
  }
  return new Map(entries);
}

/**
 * Carries out one stage of a plan and reads every cluster back.
 * `report` is told each cluster's outcome, before an error too, so that nothing that was changed goes unsaid.
 * @throws SystemError deploy-incomplete when a cluster does not have the release afterwards.
 */
export async function deployStage(
  api: ReleaseApi,
  workflow: string,
  plan: DeployPlan,
  stage: RolloutStage,
  options: { readonly signal: AbortSignal; readonly report: (outcome: ClusterOutcome) => void },
): Promise<void> {
  const planned = plan.filter((entry) => entry.stage === stage);
  const changing = planned.filter(({ change }) => change !== "unchanged");
  for (const entry of planned.filter(({ change }) => change === "unchanged")) {
    options.report(outcomeOf(entry, entry.before?.id, "unchanged"));
  }
  if (changing.length === 0) return;
  const [first] = changing;
  const releaseId = first === undefined ? undefined : releaseIdBytes(first.after.id);
  if (releaseId === undefined)
    throw new SystemError("internal", "A plan names a release whose id is not an id");
  let failure: unknown;
  try {
    await api.workflows.deployWorkflowRelease(
      {
        workflowSlug: workflow,
        releaseId: { uuid: releaseId },
        clusterSlugs: changing.map(({ cluster }) => cluster),
      },
      { signal: options.signal },
    );
  } catch (error) {
    // The answer may be lost though the call was carried out: the clusters themselves tell.
    failure = error;
  }
  await readBack(api, workflow, changing, failure, options);
}

async function readBack(
  api: ReleaseApi,
  workflow: string,
  changing: readonly PlannedCluster[],
  failure: unknown,
  options: { readonly report: (outcome: ClusterOutcome) => void },
): Promise<void> {
  const signal = AbortSignal.timeout(failure === undefined ? 30_000 : readBackGraceMs);
  const outcomes = await Promise.all(
    changing.map(async (entry): Promise<ClusterOutcome> => {
      try {
        const cluster = await api.workflows.getCluster({ clusterSlug: entry.cluster }, { signal });
        const now = releaseOn(cluster, workflow)?.id;
        return outcomeOf(entry, now, now === entry.after.id ? "deployed" : "failed");
      } catch {
        return outcomeOf(entry, undefined, "unknown");
      }
    }),
  );
  for (const outcome of outcomes) options.report(outcome);
  const wrong = outcomes.filter(({ outcome }) => outcome !== "deployed");
  if (wrong.length === 0) return;
  // Nothing was changed and the control plane said why: its own words are the better error.
  if (failure instanceof ReleaseError && wrong.every(isUntouched)) throw failure;
  const expected = changing[0]?.after.id;
  throw new SystemError(
    "deploy-incomplete",
    `${wrong.length} of ${outcomes.length} clusters do not have release ${expected}`,
    {
      cause: failure,
      problems: wrong.map(({ cluster, after, outcome }) => ({
        message:
          outcome === "unknown"
            ? `${cluster}: could not be read back`
            : `${cluster}: has ${after ?? "no release"}`,
      })),
    },
  );
}

function isUntouched({ outcome, before, after }: ClusterOutcome): boolean {
  return outcome === "failed" && before === after;
}

function outcomeOf(
  entry: PlannedCluster,
  after: string | undefined,
  outcome: ClusterOutcome["outcome"],
): ClusterOutcome {
  return { cluster: entry.cluster, stage: entry.stage, before: entry.before?.id, after, outcome };
}

/** A cluster lists each workflow with exactly the one release that is deployed there. */
function releaseOn(cluster: Cluster, workflow: string): DeployedRelease | undefined {
  const [release] = cluster.deployedReleases.find(({ slug }) => slug === workflow)?.releases ?? [];
  return release === undefined ? undefined : toDeployedRelease(release);
}
