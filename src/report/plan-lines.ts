import type { DeployPlan, ReleaseToDeploy } from "../release/deploy-plan.ts";

/** The plan as lines of text: what each cluster has and will have. */
export function planLines(plan: DeployPlan<ReleaseToDeploy>): string[] {
  if (plan.length === 0) return ["Plan: no cluster is named, nothing is deployed"];
  return [
    "Plan:",
    ...plan.map(({ cluster, stage, before, after, change }) => {
      const what =
        change === "unchanged"
          ? `has ${after.id} already`
          : `${before === undefined ? "nothing" : before.id} -> ${after.id ?? `a new release of ${after.digest}`}`;
      return `  ${stage.padEnd(10)} ${cluster}: ${what}`;
    }),
  ];
}
