import { type ReleaseError, SystemError, stoppedBy, toReleaseError } from "../errors.ts";
import type { Log } from "../log.ts";
import { reportOf } from "../report/outputs.ts";
import { type RunRecord, recordFailure, startRecord } from "../report/record.ts";
import { errorLines } from "../report/terminal.ts";
import { verdict } from "../report/verdict.ts";

/** Everything a person reads on the way goes to stderr, so that stdout holds the answer alone. */
export const terminalLog: Log = {
  info: (line) => void process.stderr.write(`${line}\n`),
  notice: (line) => void process.stderr.write(`note: ${line}\n`),
  warning: (line) => void process.stderr.write(`warning: ${line}\n`),
  async group(title, work) {
    terminalLog.info(title);
    return await work();
  },
};

/**
 * Runs the stages of the action for a person: the record as JSON, or a verdict in words, on stdout; the
 * failure on stderr; the exit code of the error table.
 */
export async function runForTerminal(
  options: { readonly json: boolean },
  stages: (record: RunRecord, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const record = startRecord(Date.now());
  const failure = await attempt((signal) => stages(record, signal));
  if (failure !== undefined) recordFailure(record, failure);
  record.endedAtMs = Date.now();
  for (const notice of record.notices) terminalLog.notice(notice);
  if (failure !== undefined) for (const line of errorLines(failure, verdict(record))) terminalLog.info(line);
  if (options.json) print(reportOf(record));
  else if (failure === undefined) process.stdout.write(`${verdict(record)}\n`);
}

/** What a command answers on stdout, in both forms. */
export interface Answer {
  readonly json: unknown;
  readonly text: string;
}

/** Runs one command that is not a run of the stages, with the same streams and exit codes. */
export async function runCommand(
  options: { readonly json: boolean },
  command: (signal: AbortSignal) => Promise<Answer>,
): Promise<void> {
  await runService(options, async (signal, answer) => answer(await command(signal)));
}

/** Runs a command that answers before it ends, and ends when the signal fires. */
export async function runService(
  options: { readonly json: boolean },
  service: (signal: AbortSignal, answer: (answer: Answer) => void) => Promise<void>,
): Promise<void> {
  const failure = await attempt((signal) =>
    service(signal, ({ json, text }) => {
      if (options.json) print(json);
      else process.stdout.write(`${text}\n`);
    }),
  );
  if (failure === undefined) return;
  for (const line of errorLines(failure, failure.code)) terminalLog.info(line);
  if (options.json) {
    const { code, message, problems, next } = failure;
    print({ ok: false, failure: { code, message, problems, next } });
  }
}

/** The first Ctrl+C or SIGTERM stops at the next safe point; a second one ends the process as usual. */
async function attempt(work: (signal: AbortSignal) => Promise<void>): Promise<ReleaseError | undefined> {
  const interruption = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => interruption.abort(new SystemError("interrupted", `Stopped by ${name}`)));
  }
  try {
    await work(interruption.signal);
    return undefined;
  } catch (error) {
    const { aborted, reason } = interruption.signal;
    const failure = aborted ? stoppedBy(toReleaseError(reason), error) : toReleaseError(error);
    process.exitCode = failure.exitCode;
    return failure;
  }
}

/** One line a document, so that whoever reads a service's answers knows where each ends. */
function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
