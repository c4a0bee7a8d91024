import type { RunRecord } from "../record.ts";
import { inlineCode } from "../untrusted-text.ts";
import type { Section } from "./section.ts";

/** One command: the same build by hand, or what comes after a release. */
export function nextStepSection(record: RunRecord): Section | undefined {
  const markdown = nextStep(record);
  return markdown === undefined ? undefined : { name: "next step", leaveOutRank: 4, markdown };
}

function nextStep(record: RunRecord): string | undefined {
  const { build, release, plan, drift, deployments, failure, projectPath } = record;
  if (drift !== undefined)
    return `**The same on a laptop:** ${inlineCode("workflow-release status --check")}`;
  if (release === undefined && plan === undefined) {
    if (build === undefined && failure?.stage === "inputs") return undefined;
    return `**The same on a laptop:** ${inlineCode(["workflow-release build", projectPath].filter(Boolean).join(" "))}`;
  }
  if (failure !== undefined) return undefined;
  return release !== undefined && deployments.size === 0
    ? `**Next:** deploy it: ${inlineCode(`workflow-release deploy --release ${release.id} --cluster SLUG`)}`
    : `**What runs where:** ${inlineCode("workflow-release status")}`;
}
