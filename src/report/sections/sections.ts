import type { RunRecord } from "../record.ts";
import { clusterSection } from "./clusters.ts";
import { contractSection } from "./contract.ts";
import { driftSection } from "./drift.ts";
import { failureSection } from "./failure.ts";
import { gateSection } from "./gates.ts";
import { nextStepSection } from "./next-step.ts";
import { noticeSection } from "./notices.ts";
import { planSection } from "./plan.ts";
import { promotionSection } from "./promotion.ts";
import { rehearsalSection } from "./rehearsal.ts";
import { fileSection, releaseSection, taskSection } from "./release.ts";
import type { Section } from "./section.ts";

/** In the order in which a person reads them, after the verdict. */
const makers: readonly ((record: RunRecord) => Section | undefined)[] = [
  failureSection,
  releaseSection,
  promotionSection,
  contractSection,
  planSection,
  rehearsalSection,
  taskSection,
  fileSection,
  clusterSection,
  driftSection,
  gateSection,
  noticeSection,
  nextStepSection,
];

/** Everything there is to say about a run, in GitHub's Markdown; what the run did not reach is absent. */
export function sectionsOf(record: RunRecord): Section[] {
  return makers.map((make) => make(record)).filter((section) => section !== undefined);
}
