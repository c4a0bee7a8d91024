/** What is thrown: errors that know their row of the table, what was wrong where, and what caused them. */
import { type ErrorCode, errorTable, type SystemErrorCode, type UserErrorCode } from "./error-table.ts";
import { exitCodes } from "./exit-codes.ts";

/** One thing that is wrong, and where. Lines and columns count from 1; `file` is as a person would type it. */
export interface Problem {
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** What to write instead. */
  readonly hint?: string;
}

export interface ErrorDetails {
  readonly cause?: unknown;
  /** All problems of one input, reported together. */
  readonly problems?: readonly Problem[];
  /** Replaces the table's next step where the place that throws knows a better one. */
  readonly next?: string;
}

/** The base of both classes below. Catch this to tell expected failures from defects. */
export abstract class ReleaseError extends Error {
  abstract readonly code: ErrorCode;
  readonly problems: readonly Problem[];
  readonly #next: string | undefined;

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.problems = details.problems ?? [];
    this.#next = details.next;
  }

  get next(): string {
    return this.#next ?? errorTable[this.code].next;
  }

  get exitCode(): number {
    return exitCodes[errorTable[this.code].exit];
  }
}

/** The project, its configuration or the request must change. */
export class UserError extends ReleaseError {
  override readonly name = "UserError";
  override readonly code: UserErrorCode;
  constructor(code: UserErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details);
    this.code = code;
  }
}

/** Nothing in the project is wrong: a machine, a network or this program failed. */
export class SystemError extends ReleaseError {
  override readonly name = "SystemError";
  override readonly code: SystemErrorCode;
  constructor(code: SystemErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details);
    this.code = code;
  }
}

/** Turns whatever was thrown into an error of the table; what is not one already is `internal`, with its cause kept. */
export function toReleaseError(thrown: unknown): ReleaseError {
  if (thrown instanceof ReleaseError) return thrown;
  return new SystemError("internal", messageOf(thrown), { cause: thrown });
}

/** What is thrown need not be an error. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * What a run ends with that was told to stop: what stopped it, unless it leaves clusters behind that a person has to
 * mend.
 */
export function stoppedBy(stop: ReleaseError, thrown: unknown): ReleaseError {
  return thrown instanceof ReleaseError && thrown.code === "rollback-incomplete" ? thrown : stop;
}

/** The messages of an error and of everything that caused it, outermost first, without repetitions. */
export function causeChain(error: Error): string[] {
  const messages: string[] = [];
  const seen = new Set<unknown>();
  let current: unknown = error;
  while (current instanceof Error && !seen.has(current)) {
    seen.add(current);
    if (!messages.includes(current.message)) messages.push(current.message);
    current = current.cause;
  }
  if (current !== undefined && !(current instanceof Error)) messages.push(String(current));
  return messages;
}
