import type { ContractCheck } from "../release/contract-check.ts";
import type { StrandedJobs } from "../release/stranded-jobs.ts";
import { oneLine } from "./untrusted-text.ts";
import { plural } from "./verdict.ts";

/** What fits a log's page; the job summary and report.json have the rest. */
const listed = 20;

/** A comparison of task contracts as lines of text. */
export function contractLines({ against, findings, jobs }: ContractCheck): string[] {
  const shown = findings.slice(0, listed).map(({ severity, task, change, effect }) => {
    const subject = task === "" ? "" : `${task}: `;
    return oneLine(`  ${severity.padEnd(10)} ${subject}${change}. Jobs that exist: ${effect}`);
  });
  return [
    oneLine(`Task contract against ${against}: ${findings.length === 0 ? "the same" : ""}`.trimEnd()),
    ...shown,
    ...(findings.length > listed ? [`  and ${findings.length - listed} more`] : []),
    ...jobs.map((entry) => oneLine(`  ${strandedText(entry)}`)),
  ];
}

/** One sentence on the jobs of a cluster, without a full stop. */
export function strandedText({ cluster, tasks, cut, unread }: StrandedJobs): string {
  if (unread !== undefined) return `${cluster}: its jobs could not be counted: ${unread}`;
  const looked = cut === undefined ? "" : ` (of ${cut})`;
  if (tasks.length === 0) return `${cluster}: no open job needs what is gone${looked}`;
  const counts = tasks.map(
    (entry) => `${plural(entry.tasks, "task")} ${entry.name} of ${plural(entry.jobs, "job")}`,
  );
  return `${cluster}: would be left behind: ${counts.join(", ")}${looked}`;
}
