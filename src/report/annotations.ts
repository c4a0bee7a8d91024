import * as core from "@actions/core";
import type { Problem } from "../errors.ts";
import type { RunRecord } from "./record.ts";
import { cut, visible } from "./untrusted-text.ts";

/** GitHub shows at most 10 annotations of a kind for a step; one is kept for the count of the rest. */
const annotationLimit = 10;

/** GitHub takes 64 KiB of text; what a person reads beside a line of code is shorter. */
const textLimit = 2_000;

/** Where GitHub shows an annotation; without a place it stands on the run. */
export interface Annotation {
  readonly kind: "error" | "notice";
  readonly text: string;
  readonly title?: string;
  readonly file?: string;
  readonly startLine?: number;
  readonly startColumn?: number;
}

/** Marks a failure in the files it comes from, and the run's notices on the run. */
export function annotate(record: RunRecord): void {
  const write = { error: core.error, notice: core.notice };
  for (const { kind, text, ...properties } of annotationsOf(record)) write[kind](text, properties);
}

/** At most 10 of a kind; what is not among them is counted by the last one. */
export function annotationsOf(record: RunRecord): Annotation[] {
  return [...failureAnnotations(record), ...noticeAnnotations(record.notices)];
}

function failureAnnotations({ failure }: RunRecord): Annotation[] {
  if (failure === undefined) return [];
  const { code, problems } = failure;
  const located = problems.filter(({ file }) => file !== undefined).slice(0, annotationLimit - 1);
  const unmarked = problems.length - located.length;
  const rest = unmarked > 0 ? `\n${unmarked} of ${problems.length} problems are in the job summary` : "";
  return [
    ...located.map((problem) => ({ ...placeOf(problem), kind: "error" as const, title: code })),
    { kind: "error", title: code, text: shown(`${failure.message}\n${failure.next}${rest}`) },
  ];
}

function placeOf({ message, hint, file, line, column }: Problem) {
  return {
    text: shown(hint === undefined ? message : `${message}: ${hint}`),
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { startLine: line }),
    ...(column === undefined ? {} : { startColumn: column }),
  };
}

function noticeAnnotations(notices: readonly string[]): Annotation[] {
  const listed = notices.length <= annotationLimit ? notices : notices.slice(0, annotationLimit - 1);
  const unlisted = notices.length - listed.length;
  const rest = unlisted > 0 ? [`${unlisted} more notices are in the job summary`] : [];
  return [...listed, ...rest].map((text) => ({ kind: "notice", text: shown(text) }));
}

function shown(text: string): string {
  return visible(cut(text, textLimit));
}
