import type { Command } from "commander";
import { UserError } from "../errors.ts";
import { readClusters } from "../release/cluster-calls.ts";
import type { ClusterInput } from "../release/clusters.ts";
import { type Rollout, resolveRollout } from "../release/clusters.ts";
import type { PlanInput } from "../release/expected-plan.ts";
import type { ReleaseApi } from "../release/release-api.ts";
import { readStatus } from "../release/status.ts";
import { addJsonOption, type JsonOption } from "./json-option.ts";
import { type ApiOptions, addApiOptions, apiTargetOf, clusterOption } from "./options.ts";
import { planOption } from "./roll-out-options.ts";
import { runForTerminal } from "./run-stages.ts";
import { terminalDeps } from "./terminal-deps.ts";
import { chooseWorkflow } from "./workflow-choice.ts";

interface RollbackOptions extends JsonOption, ApiOptions {
  readonly workflow?: string;
  readonly cluster: readonly ClusterInput[];
  readonly plan?: PlanInput;
}

export function addRollbackCommand(program: Command): void {
  const command = program
    .command("rollback")
    .description("Give clusters the release back that each of them had before. Builds nothing.")
    .argument("[folder]", "folder of the project, which gives the workflow's slug and the targets", ".")
    .option("--workflow <slug>", "the workflow, where there is no project at hand")
    .addOption(clusterOption("--cluster <clusters>", "roll back here; may be left out where there is one"))
    .addOption(planOption());
  addJsonOption(addApiOptions(command)).action(async (folder: string, options: RollbackOptions) => {
    await runForTerminal(options, async (record, signal) => {
      const { rollBack } = await import("../stages/roll-back.ts");
      const deps = terminalDeps({ signal });
      record.stage = "project";
      const { slug: workflow, targets } = await chooseWorkflow(folder, options.workflow, deps);
      record.slug = workflow;
      const named = resolveRollout({ dev: [], production: options.cluster }, { targets });
      record.stage = "previous";
      const api = await deps.connect(apiTargetOf(options));
      const rollout = named.production.length > 0 ? named : await onlyCluster(api, workflow, signal);
      const before = await readClusters(api, workflow, rollout, signal);
      const target = { workflow, rollout, before, gates: [], allow: new Map(), onFailure: undefined };
      await rollBack(api, { ...target, planned: options.plan }, record, deps);
    });
  });
}

/** Not all of them: one that never got the release that is to go would lose another one. */
async function onlyCluster(api: ReleaseApi, workflow: string, signal: AbortSignal): Promise<Rollout> {
  const status = await readStatus(api, workflow, signal);
  const having = status.filter(({ release }) => release !== undefined);
  const [only, ...others] = having;
  if (only !== undefined && others.length === 0) return { dev: [], production: [only.cluster] };
  throw new UserError("clusters-invalid", `${having.length} clusters have a release of ${workflow}`, {
    problems: having.map(({ cluster, release }) => ({ message: `${cluster}: has release ${release}` })),
    next: "Name those to roll back with --cluster.",
  });
}
