import { reportOf } from "../report/outputs.ts";
import { type RunRecord, recordFailure, startRecord } from "../report/record.ts";
import { errorLines } from "../report/terminal.ts";
import { verdict } from "../report/verdict.ts";
import { attempt, print, terminalLog } from "./run.ts";

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
