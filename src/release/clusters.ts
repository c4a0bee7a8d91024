import { type Problem, UserError } from "../errors.ts";
import { nearestName } from "../project/nearest-name.ts";
import type { Project } from "../project/project.ts";

/** One entry of a cluster input: a slug, or all clusters of a [targets] table. */
export type ClusterInput =
  | { readonly kind: "slug"; readonly slug: string }
  | { readonly kind: "target"; readonly name: string };

export interface ClusterInputs {
  readonly dev: readonly ClusterInput[];
  readonly production: readonly ClusterInput[];
}

/** The two steps of a rollout, in the order in which they are carried out. */
export type RolloutStage = "dev" | "production";
export const rolloutStages: readonly RolloutStage[] = ["dev", "production"];

/** Slugs to deploy to, each at most once over both stages, in the order they were given. */
export type Rollout = Readonly<Record<RolloutStage, readonly string[]>>;

/**
 * Replaces `target:NAME` by the clusters of the project's [targets.NAME].
 * @throws UserError clusters-invalid with every unknown target, repeated cluster, and cluster in both stages.
 */
export function resolveRollout(inputs: ClusterInputs, project: Pick<Project, "targets">): Rollout {
  const problems: Problem[] = [];
  const stageOf = new Map<string, RolloutStage>();
  const rollout = { dev: [] as string[], production: [] as string[] };
  for (const stage of rolloutStages) {
    for (const slug of inputs[stage].flatMap((input) => slugsOf(input, stage, project, problems))) {
      const earlier = stageOf.get(slug);
      if (earlier === undefined) {
        stageOf.set(slug, stage);
        rollout[stage].push(slug);
      } else if (earlier === stage) {
        problems.push({ message: `${stage}-cluster names ${slug} twice`, hint: "name each cluster once" });
      } else {
        problems.push({
          message: `${slug} is both a dev and a production cluster`,
          hint: "a release is tried on another cluster before production gets it",
        });
      }
    }
  }
  if (problems.length > 0)
    throw new UserError("clusters-invalid", "The clusters to deploy to are not valid", { problems });
  return rollout;
}

function slugsOf(
  input: ClusterInput,
  stage: RolloutStage,
  project: Pick<Project, "targets">,
  problems: Problem[],
): readonly string[] {
  if (input.kind === "slug") return [input.slug];
  const clusters = project.targets.get(input.name);
  if (clusters !== undefined) return clusters;
  const nearest = nearestName(input.name, project.targets.keys());
  problems.push({
    message: `${stage}-cluster: tilebox.workflow.toml has no [targets.${input.name}]`,
    hint:
      nearest === undefined
        ? `add [targets.${input.name}] with clusters = ["..."]`
        : `did you mean target:${nearest}?`,
  });
  return [];
}
