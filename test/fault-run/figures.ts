/** How long clients had to wait: for each kind of fault, and after it. */
import type { World } from "./faults.ts";
import type { Journal } from "./journal.ts";
import type { Publisher, Submitter } from "./producers.ts";

/** One fault as it happened. */
export interface Struck {
  readonly what: string;
  readonly fromMs: number;
  /** What was hit could serve again. */
  readonly untilMs: number;
  /** From then on until every claimer that has something to say had been answered. */
  readonly allAnsweredMs: number;
}

/** A table: times in milliseconds. */
export function figuresOf(journal: Journal, struck: readonly Struck[]): string[] {
  const progress = journal.progress.toSorted((a, b) => a.answeredAtMs - b.answeredAtMs);
  const lines = [...Map.groupBy(struck, ({ what }) => what)].map(([what, those]) => {
    const gaps = those.map(({ fromMs, untilMs }) => longestGapMs(progress, fromMs, untilMs));
    const firsts = those.map(({ untilMs }) => firstAfterMs(progress, untilMs));
    const alls = those.map(({ allAnsweredMs }) => allAnsweredMs);
    return [
      `${what}: ${those.length} times`,
      `longest without progress ${Math.round(Math.max(...gaps))}`,
      `next result after it ${spread(firsts)}`,
      `all claimers answered after it ${spread(alls)}`,
    ].join("; ");
  });
  const firsts = struck.map(({ untilMs }) => firstAfterMs(progress, untilMs));
  const alls = struck.map(({ allAnsweredMs }) => allAnsweredMs);
  return [
    ...lines.toSorted(),
    `all: ${struck.length}; next result ${spread(firsts)}; all claimers ${spread(alls)}`,
  ];
}

type Progress = Journal["progress"];

/** Without a result that was taken, from the last one before the fault on. */
function longestGapMs(progress: Progress, fromMs: number, untilMs: number): number {
  let longestMs = 0;
  let lastMs = fromMs;
  for (const { answeredAtMs } of progress) {
    if (answeredAtMs >= fromMs) longestMs = Math.max(longestMs, answeredAtMs - lastMs);
    lastMs = answeredAtMs;
    if (answeredAtMs > untilMs) break;
  }
  return longestMs;
}

/** Until the first result was taken that had been sent after it. */
function firstAfterMs(progress: Progress, atMs: number): number {
  const next = progress.find(({ sentAtMs }) => sentAtMs >= atMs);
  return next === undefined ? Number.POSITIVE_INFINITY : next.answeredAtMs - atMs;
}

function spread(valuesMs: readonly number[]): string {
  const sorted = valuesMs.toSorted((a, b) => a - b);
  const at = (part: number) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
  return `p50 ${at(0.5)}, p99 ${at(0.99)}`;
}

interface Done {
  readonly journal: Journal;
  readonly submitter: Submitter;
  readonly publishers: readonly Publisher[];
}

/** What was done, and what clients were told. */
export function summaryOf(
  { journal, submitter, publishers }: Done,
  { fleet, longestStopMs }: World,
): string[] {
  const { extended, leasesLost, dropped, failed } = journal.counts;
  const sum = (of: (publisher: Publisher) => number) => publishers.reduce((total, one) => total + of(one), 0);
  const published = sum((publisher) => publisher.published.size);
  const deployed = sum((publisher) => publisher.deployments.length);
  return [
    `${journal.done.size} tasks done, ${submitter.jobs.length} jobs acknowledged; ${journal.givenAgain} tasks given more than once, ` +
      `${failed} failures reported and ${journal.unansweredFailures.size} more without an answer, ${dropped} forgotten; ` +
      `${extended} leases extended, ${leasesLost} lost; ${published} releases, ${deployed} deployments`,
    `a control plane that was told to stop took at most ${longestStopMs} ms`,
    ...[...fleet.refusals].flatMap(([code, texts]) =>
      [...texts].map(([text, times]) => `${code}, ${times} times: ${text}`),
    ),
  ];
}
