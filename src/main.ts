/** The action's entry and its only error boundary: whatever happens, what is known is reported. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as core from "@actions/core";
import { openDeploymentsState } from "./action/open-deployments.ts";
import { type ActionRun, runAction } from "./action/run.ts";
import type { ErrorCode } from "./error-table.ts";
import { type ReleaseError, SystemError, stoppedBy, toReleaseError } from "./errors.ts";
import { exitCodes } from "./exit-codes.ts";
import { readGitHubRun } from "./inputs/github-run.ts";
import { readRunnerContext } from "./inputs/inputs.ts";
import { type ReportInputs, readReportInputs } from "./inputs/report.ts";
import { actionLog } from "./report/action-log.ts";
import type { GitHubReporter } from "./report/github/reporter.ts";
import { recordFailure, startRecord } from "./report/record.ts";

/**
 * On cancel the runner sends SIGINT, SIGTERM 7.5 s later, and kills after 2.5 s more. The stages stop at
 * their next safe point; when one does not within this time, the report is written without it.
 */
const stopGraceMs = 5_000;

/** After a cancel everything has to be said before SIGTERM. */
const cancelledMs = 7_200;

/** Time for GitHub to take the comment and the deployments: a comment whose writer died is free after 20 s. */
const reportLimitMs = 45_000;

async function openReporter(
  { channels, chosen, token, matrix }: ReportInputs,
  signal: AbortSignal,
): Promise<GitHubReporter | undefined> {
  const run = readGitHubRun(process.env);
  if (run === undefined || token === "") return undefined;
  const { GitHubReporter } = await import("./report/github/reporter.ts");
  return new GitHubReporter({
    run,
    token,
    matrix,
    signal,
    comment: channels.has("comment"),
    deployments: channels.has("deployments"),
    tell: (notice) => (chosen ? core.notice(notice) : actionLog.notice(notice)),
    openChanged: (open) => core.saveState(openDeploymentsState, JSON.stringify(open)),
  });
}

/** What writes the report is loaded here, so that the first line of the log does not wait for it. */
async function finish({ records, outputFolder }: ActionRun, report: ReportInputs): Promise<void> {
  const { runOutputs, runReport, runSummary, runVerdict } = await import("./report/run-report.ts");
  const { annotate } = await import("./report/annotations.ts");
  for (const record of records) record.endedAtMs ??= Date.now();
  const reportPath = join(outputFolder, "report.json");
  writeFileSync(reportPath, `${JSON.stringify(runReport(records), undefined, 2)}\n`);
  for (const [name, value] of Object.entries(runOutputs(records, reportPath))) core.setOutput(name, value);
  if (report.channels.has("annotations")) annotate(records);
  actionLog.info(runVerdict(records));
  if (report.channels.has("summary")) await core.summary.addRaw(runSummary(records)).write();
}

/** What ended the run itself is the failure of every project that had not ended by then. */
async function failUnfinished({ records }: ActionRun, failure: ReleaseError): Promise<void> {
  const { errorLines } = await import("./report/terminal.ts");
  const { runVerdict } = await import("./report/run-report.ts");
  for (const record of records) {
    if (record.endedAtMs === undefined) recordFailure(record, failure);
  }
  for (const line of errorLines(failure, runVerdict(records))) actionLog.info(line);
}

/** @returns The exit code. */
async function main(): Promise<number> {
  const { temporaryFolder, helpUrl } = readRunnerContext(process.env);
  const report = readReportInputs(process.env);
  if (report.token !== "") core.setSecret(report.token);
  const reporting = new AbortController();
  const stopReporting = () => reporting.abort(new Error("no answer in time"));
  let reporter: GitHubReporter | undefined;
  const loadReporter = async () => {
    reporter ??= await openReporter(report, reporting.signal);
  };
  const action: ActionRun = {
    records: [startRecord(Date.now(), helpUrl)],
    outputFolder: mkdtempSync(join(temporaryFolder, "workflow-release-")),
    logBegun: loadReporter,
    stageEntered: (record) => reporter?.stageEntered(record),
  };
  const interruption = new AbortController();
  const graceOver = Promise.withResolvers<never>();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => {
      const error = new SystemError("interrupted", `The run was cancelled (${name})`);
      interruption.abort(error);
      setTimeout(stopReporting, cancelledMs).unref();
      setTimeout(() => graceOver.reject(error), stopGraceMs).unref();
    });
  }
  let exitCode: number = exitCodes.ok;
  try {
    const failures = await Promise.race([runAction(action, interruption.signal), graceOver.promise]);
    const codes: readonly ErrorCode[] = ["rollback-incomplete", "interrupted"];
    const [telling = failures[0]] = codes.flatMap((code) =>
      failures.filter((failure) => failure.code === code),
    );
    if (telling !== undefined) exitCode = telling.exitCode;
  } catch (error) {
    const { aborted, reason } = interruption.signal;
    const failure = aborted ? stoppedBy(toReleaseError(reason), error) : toReleaseError(error);
    await failUnfinished(action, failure);
    exitCode = failure.exitCode;
  }
  await finish(action, report);
  setTimeout(stopReporting, reportLimitMs).unref();
  // A run whose inputs are wrong has not come so far.
  await loadReporter();
  await reporter?.end(...action.records);
  return exitCode;
}

async function run(): Promise<void> {
  // Were it to wait for what nothing can settle any more, Node would end it as a success.
  process.exitCode = exitCodes.system;
  try {
    process.exitCode = await main();
  } catch (error) {
    // There is nowhere to report to: RUNNER_TEMP is missing, the disk is full. The log is left.
    const failure = toReleaseError(error);
    core.error(failure.message, { title: failure.code });
    process.exitCode = failure.exitCode;
  }
  // On Windows and macOS a pipe may still hold what was written last.
  await new Promise((resolve) => process.stdout.write("", resolve));
  // Whatever still holds the event loop must not hold the job.
  process.exit();
}

void run();
