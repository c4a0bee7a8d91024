import * as core from "@actions/core";
import type { RunRecord } from "./record.ts";

/** GitHub shows at most 10 annotations of a kind for a step; one is kept for the count of the rest. */
const annotationLimit = 10;

/** Marks a failure in the files it comes from, and the run's notices on the run. */
export function annotate(record: RunRecord): void {
  const { failure } = record;
  if (failure !== undefined) {
    const located = failure.problems.filter(({ file }) => file !== undefined);
    for (const { message, hint, file, line, column } of located.slice(0, annotationLimit - 1)) {
      core.error(hint === undefined ? message : `${message}: ${hint}`, {
        title: failure.code,
        ...(file === undefined ? {} : { file }),
        ...(line === undefined ? {} : { startLine: line }),
        ...(column === undefined ? {} : { startColumn: column }),
      });
    }
    const unshown = failure.problems.length - Math.min(located.length, annotationLimit - 1);
    const rest = unshown > 0 ? `\n${unshown} of ${failure.problems.length} problems are in the log` : "";
    core.error(`${failure.message}\n${failure.next}${rest}`, { title: failure.code });
  }
  for (const notice of record.notices.slice(0, annotationLimit)) core.notice(notice);
}
