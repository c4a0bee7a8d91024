/** Jobs, trees and failures as lines of text. */
import type { JobExplanation } from "../api/explain-job.ts";
import { duration } from "../duration-text.ts";
import type { JobView } from "../jobs/job-view.ts";
import type { LogLine } from "../jobs/logs.ts";
import { obstacleText } from "../jobs/obstacle-text.ts";
import { visible } from "../report/untrusted-text.ts";

export function jobLines(job: JobView): string {
  const counts = Object.entries(job.tasks).map(([state, count]) => `${count} ${state}`);
  const lines = [
    `Job ${job.id} (${job.name}): ${job.state}`,
    `  tasks: ${job.totalTasks}${counts.length === 0 ? "" : ` (${counts.join(", ")})`}`,
    ...(job.submittedAt === undefined ? [] : [`  submitted: ${job.submittedAt}`]),
    ...(job.elapsedMs === undefined ? [] : [`  took: ${duration(job.elapsedMs)}`]),
    ...job.progress.map(({ label, total, done }) => `  ${label || "progress"}: ${done} of ${total}`),
  ];
  return visible(lines.join("\n"));
}

/** One line that can stand for the job while it is waited for. */
export function progressLine(job: JobView): string {
  const done = (job.tasks.computed ?? 0) + (job.tasks.skipped ?? 0) + (job.tasks["failed-optional"] ?? 0);
  const running = job.tasks.running ?? 0;
  return visible(`${job.state}: ${done} of ${job.totalTasks} tasks done, ${running} running`);
}

export function logLines(lines: readonly LogLine[]): string {
  if (lines.length === 0) return "There are no logs of this job.";
  return lines
    .map(({ at, severity, message, attributes }) => {
      const more = Object.entries(attributes).map(([name, value]) => ` ${name}=${shown(value)}`);
      return visible(`${at} ${severity.padEnd(7)} ${message}${more.join("")}`);
    })
    .join("\n");
}

export function whyLines({ state, queuedTasks, tasks }: JobExplanation): string {
  if (tasks.length === 0) return `No task is queued; the job is ${state}.`;
  const lines = tasks.flatMap(({ display, identifier, obstacles }) => [
    `${display} (${identifier.name}@${identifier.version})`,
    ...(obstacles.length === 0
      ? ["  nothing stands in its way: it is claimed when its turn comes"]
      : obstacles.map((obstacle) => `  ${obstacleText(obstacle)}`)),
  ]);
  const more = queuedTasks - tasks.length;
  return visible([...lines, ...(more > 0 ? [`and ${more} more queued tasks`] : [])].join("\n"));
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
