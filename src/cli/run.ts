import { type ReleaseError, SystemError, stoppedBy, toReleaseError } from "../errors.ts";
import type { Log } from "../log.ts";
import { errorLines } from "../report/terminal.ts";

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

const stopSignals = ["SIGINT", "SIGTERM"] as const;

/** The first Ctrl+C or SIGTERM stops at the next safe point; a second one ends the process as usual. */
export async function attempt(
  work: (signal: AbortSignal) => Promise<void>,
): Promise<ReleaseError | undefined> {
  const interruption = new AbortController();
  const stop = (name: NodeJS.Signals) => {
    for (const other of stopSignals) process.off(other, stop);
    interruption.abort(new SystemError("interrupted", `Stopped by ${name}`));
  };
  for (const name of stopSignals) process.on(name, stop);
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
export function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
