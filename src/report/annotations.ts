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

/** Marks failures in the files they come from, and the notices on the run. */
export function annotate(records: readonly RunRecord[]): void {
  const write = { error: core.error, notice: core.notice };
  for (const { kind, text, ...properties } of annotationsOf(records)) write[kind](text, properties);
}

/** At most 10 of a kind; what is not among them is counted by the last one. */
export function annotationsOf(records: readonly RunRecord[]): Annotation[] {
  const all = records.flatMap((record) => {
    const annotations = [
      ...failureAnnotations(record),
      ...record.notices.map((text): Annotation => ({ kind: "notice", text: shown(text) })),
    ];
    return records.length === 1 ? annotations : annotations.map((one) => ofProject(one, record));
  });
  return (["error", "notice"] as const).flatMap((kind) =>
    limited(
      kind,
      all.filter((one) => one.kind === kind),
    ),
  );
}

/** Of several projects, one is named where no file tells which it is. */
function ofProject(annotation: Annotation, { projectPath }: RunRecord): Annotation {
  if (annotation.file !== undefined || projectPath === undefined) return annotation;
  return { ...annotation, text: shown(`${projectPath}: ${annotation.text}`) };
}

function limited(kind: Annotation["kind"], annotations: readonly Annotation[]): readonly Annotation[] {
  if (annotations.length <= annotationLimit) return annotations;
  const listed = annotations.slice(0, annotationLimit - 1);
  const unlisted = annotations.length - listed.length;
  return [...listed, { kind, text: `${unlisted} more ${kind}s are in the job summary` }];
}

/** The failure itself with those of its problems that have no place, then the others where they are. */
function failureAnnotations({ failure }: RunRecord): Annotation[] {
  if (failure === undefined) return [];
  const { code: title, message, next, problems } = failure;
  const located = problems.filter(({ file }) => file !== undefined);
  const unlocated = problems.filter(({ file }) => file === undefined).map((problem) => `- ${words(problem)}`);
  return [
    { kind: "error", title, text: shown([message, ...unlocated, next].join("\n")) },
    ...located.map((problem): Annotation => ({ kind: "error", title, ...placeOf(problem) })),
  ];
}

function words({ message, hint }: Problem): string {
  return hint === undefined ? message : `${message}: ${hint}`;
}

function placeOf(problem: Problem) {
  const { file, line, column } = problem;
  return {
    text: shown(words(problem)),
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { startLine: line }),
    ...(column === undefined ? {} : { startColumn: column }),
  };
}

function shown(text: string): string {
  return visible(cut(text, textLimit));
}
