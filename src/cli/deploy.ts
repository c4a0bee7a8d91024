import type { Command } from "commander";
import { UserError } from "../errors.ts";
import { readClusters } from "../release/cluster-calls.ts";
import { resolveRollout } from "../release/clusters.ts";
import type { ReleaseChoice } from "../release/find-release.ts";
import { addJsonOption, type JsonOption } from "./json-option.ts";
import { type ApiOptions, addApiOptions, apiTargetOf } from "./options.ts";
import {
  addRollOutOptions,
  gatesOf,
  type PlanOption,
  planOption,
  type RollOutOptions,
} from "./roll-out-options.ts";
import { runForTerminal } from "./run-stages.ts";
import { terminalDeps } from "./terminal-deps.ts";
import { chooseWorkflow } from "./workflow-choice.ts";

interface DeployOptions extends JsonOption, ApiOptions, RollOutOptions, PlanOption {
  readonly workflow?: string;
  readonly release?: string;
  readonly latest: boolean;
}

export function addDeployCommand(program: Command): void {
  const command = program
    .command("deploy")
    .description("Deploy a published release to clusters. Builds nothing.")
    .argument("[folder]", "folder of the project, which gives the workflow's slug and the targets", ".")
    .option("--workflow <slug>", "the workflow, where there is no project at hand")
    .option("--release <id>", "the release to deploy")
    .option("--latest", "deploy the release that was published last", false)
    .addOption(planOption());
  addJsonOption(addApiOptions(addRollOutOptions(command, { refuses: ["breaking", "older"] }))).action(
    async (folder: string, options: DeployOptions) => {
      await runForTerminal(options, async (record, signal) => {
        const { rollOut } = await import("../stages/roll-out.ts");
        const { proveRelease } = await import("../stages/prove-release.ts");
        const { nameRelease } = await import("../stages/promote.ts");
        const { isNewest, requireNotOlder } = await import("../stages/require-not-older.ts");
        const choice = releaseChoice(options);
        const gates = gatesOf(options);
        const deps = terminalDeps({ signal });
        record.stage = "project";
        const { slug, targets } = await chooseWorkflow(folder, options.workflow, deps);
        record.slug = slug;
        const rollout = resolveRollout(
          { dev: options.devCluster, production: options.productionCluster },
          { targets },
        );
        if (rollout.dev.length + rollout.production.length === 0) {
          throw new UserError("clusters-invalid", "No cluster is named", {
            next: "Add --dev-cluster SLUG or --production-cluster SLUG.",
          });
        }
        const api = await deps.connect(apiTargetOf(options));
        const named = { workflow: slug, rollout, choice };
        const release = await nameRelease(api, named, record, deps);
        record.release = release;
        const { allow } = options;
        await rollOut(
          api,
          {
            workflow: slug,
            rollout,
            before: await readClusters(api, slug, rollout, signal),
            releaseFor: () => release,
            reason: "deploy",
            allow,
            onFailure: options.onFailure,
            planned: options.plan,
            gates,
            requireAllowed: (stage, plan) =>
              requireNotOlder(api, { workflow: slug, plan, allow }, stage, record, deps),
            mayClaim: (planned) => isNewest(api, slug, planned, record, deps),
            prove: (deployed) =>
              proveRelease(api, deployed, { project: { slug }, rollout, gates }, record, deps),
          },
          record,
          deps,
        );
      });
    },
  );
}

function releaseChoice({ release, latest }: DeployOptions): ReleaseChoice {
  if (release !== undefined && !latest) return { kind: "id", id: release };
  if (release === undefined && latest) return { kind: "latest" };
  throw new UserError("input-invalid", "Which release to deploy is not clear", {
    next: "Give either --release ID or --latest.",
  });
}
