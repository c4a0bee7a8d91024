import { contractOfNames, parseContractText, type TaskContract } from "../engine/contract.ts";
import { type ContractFinding, compareContracts, strands } from "../engine/contract-rules.ts";
import { type Problem, UserError } from "../errors.ts";
import type { DeployPlan, PlannedCluster, ReleaseToDeploy } from "./deploy-plan.ts";
import type { ReleaseApi } from "./release-api.ts";
import { toDeployedRelease } from "./release-id.ts";
import type { StrandedJobs } from "./stranded-jobs.ts";

/** The task contract of this run against an earlier one. */
export interface ContractCheck {
  /** What the earlier one is of: `release 0199… on dev-1, prod-1`. */
  readonly against: string;
  readonly findings: readonly ContractFinding[];
  /** One entry a cluster whose jobs were looked at, because something strands them. */
  readonly jobs: readonly StrandedJobs[];
}

export interface DeployedContracts {
  readonly workflow: string;
  readonly plan: DeployPlan<ReleaseToDeploy>;
  /** Of the build, where the run has one; else it is asked for. */
  readonly contract: TaskContract | undefined;
}

/**
 * Compares with what each cluster has now and is about to lose, one check a release, and counts the jobs that would be
 * left behind. Never throws but for an aborted signal: what cannot be read is said in the findings.
 */
export async function checkDeployedContracts(
  api: ReleaseApi,
  { workflow, plan, contract }: DeployedContracts,
  signal: AbortSignal,
): Promise<ContractCheck[]> {
  const replaced = plan.filter(({ change }) => change === "replace");
  if (replaced.length === 0) return [];
  const contracts = await openContracts(api, workflow, signal);
  // A rollback gives each cluster a release of its own.
  const byRelease = Map.groupBy(replaced, ({ before, after }) => `${before?.id} ${after.id}`);
  return await Promise.all(
    [...byRelease.values()].map(async (clusters): Promise<ContractCheck> => {
      const [first] = clusters;
      const id = first?.before?.id ?? "";
      const before = await contracts.of(first?.before);
      const after = contract ?? (await contracts.of(first?.after));
      const findings = compareContracts(before, after);
      return {
        against: `release ${id} on ${clusters.map(({ cluster }) => cluster).join(", ")}`,
        findings,
        jobs: await jobsOf(api, clusters, { before, findings }, signal),
      };
    }),
  );
}

async function jobsOf(
  api: ReleaseApi,
  clusters: readonly Pick<PlannedCluster, "cluster">[],
  { before, findings }: { readonly before: TaskContract; readonly findings: readonly ContractFinding[] },
  signal: AbortSignal,
): Promise<StrandedJobs[]> {
  const names = new Set(findings.filter(strands).map(({ task }) => task));
  if (names.size === 0) return [];
  const tasks = before.tasks.filter(({ name }) => names.has(name));
  // Loaded here with the wire's messages: most contracts strand nothing.
  const { countStranded } = await import("./stranded-jobs.ts");
  return await Promise.all(clusters.map(({ cluster }) => countStranded(api, cluster, tasks, signal)));
}

interface Contracts {
  of(release: ReleaseToDeploy | undefined): Promise<TaskContract>;
}

/** Contracts as the control plane keeps them; else names and versions from the release's record. */
async function openContracts(api: ReleaseApi, workflowSlug: string, signal: AbortSignal): Promise<Contracts> {
  const attempt = async <T>(work: () => Promise<T>): Promise<T | Error> => {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      return error instanceof Error ? error : new Error(String(error));
    }
  };
  const workflow = await attempt(() => api.workflows.getWorkflow({ workflowSlug }, { signal }));
  const releases = workflow instanceof Error ? [] : workflow.releases;
  return {
    async of(release) {
      if (release === undefined) return contractOfNames([], "");
      const { id, fingerprint } = release;
      const kept = await attempt(() => api.findContract(fingerprint, signal));
      const contract = typeof kept === "string" ? parseContractText(kept) : undefined;
      if (contract !== undefined) return contract;
      const record = releases.find((candidate) => toDeployedRelease(candidate).id === id);
      const tasks = record?.content?.tasks.map(({ name, version }) => ({ name, version })) ?? [];
      const failed = kept instanceof Error ? `: ${kept.message}` : "";
      return contractOfNames(tasks, `the control plane has no task contract of release ${id}${failed}`);
    },
  };
}

/** @throws UserError contract-broken with every breaking finding */
export function requireUnbroken(checks: readonly ContractCheck[], isAllowed: boolean): void {
  const problems = breakingProblems(checks);
  if (problems.length === 0 || isAllowed) return;
  const [first] = checks.filter(({ findings }) => findings.some(isBreaking));
  throw new UserError("contract-broken", `The task contract breaks jobs of ${first?.against}`, { problems });
}

function breakingProblems(checks: readonly ContractCheck[]): Problem[] {
  const problems = checks.flatMap(({ findings }) =>
    findings
      .filter(isBreaking)
      .map(({ task, change, effect }) => ({ message: `${task}: ${change}`, hint: effect })),
  );
  return [...new Map(problems.map((problem) => [problem.message, problem])).values()];
}

function isBreaking({ severity }: ContractFinding): boolean {
  return severity === "breaking";
}
