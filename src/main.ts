/** The action's entry and its only error boundary: whatever happens, what is known is reported. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as core from "@actions/core";
import { SystemError, toReleaseError } from "./errors.ts";
import { readGitHubRun } from "./github-run.ts";
import { readActionInputs, readRunnerContext } from "./inputs.ts";
import { actionLog } from "./report/action-log.ts";
import { annotate } from "./report/annotations.ts";
import { GitHubReporter } from "./report/github/reporter.ts";
import { outputsOf, reportOf } from "./report/outputs.ts";
import { type RunRecord, recordFailure, startRecord } from "./report/record.ts";
import { renderSummary } from "./report/summary.ts";
import { errorLines } from "./report/terminal.ts";
import { verdict } from "./report/verdict.ts";
import { type ReportInputs, readReportInputs } from "./report-inputs.ts";

/**
 * On cancel the runner sends SIGINT, SIGTERM 7.5 s later, and kills after 2.5 s more. The stages stop at
 * their next safe point; when one does not within this time, the report is written without it.
 */
const stopGraceMs = 5_000;

/** After a cancel everything has to be said before SIGTERM. */
const cancelledMs = 7_200;

/** Time for GitHub to take the comment and the deployments: a comment whose writer died is free after 20 s. */
const reportLimitMs = 45_000;

async function run(
  record: RunRecord,
  outputFolder: string,
  signal: AbortSignal,
  reporter: GitHubReporter | undefined,
): Promise<void> {
  const { plan, projectPath, cache, timeoutMs, warnings } = readActionInputs(process.env);
  record.projectPath = projectPath;
  const { publish } = plan;
  if (publish.kind === "publish" && publish.api.apiKey !== undefined) core.setSecret(publish.api.apiKey);
  core.info(`${publish.kind === "publish" ? "Build, publish and deploy" : "Build only"}: ${publish.why}`);
  for (const warning of warnings) core.warning(warning);
  const timeout = AbortSignal.timeout(timeoutMs);
  const stop = AbortSignal.any([signal, timeout]);
  const { runPipeline } = await import("./pipeline.ts");
  const { stageDeps } = await import("./stage-deps.ts");
  try {
    await runPipeline(
      plan,
      record,
      stageDeps({
        log: actionLog,
        signal: stop,
        outputFolder: () => outputFolder,
        env: process.env,
        stageEntered: (entered) => reporter?.stageEntered(entered),
        openCache: async () => {
          const { openActionsCache } = await import("./build/cache/open-cache.ts");
          return await openActionsCache(cache, process.env);
        },
      }),
    );
  } catch (error) {
    if (timeout.aborted && !signal.aborted) {
      throw new SystemError("timed-out", `The run took longer than ${timeoutMs / 60_000} minutes`, {
        cause: error,
      });
    }
    throw error;
  }
}

function openReporter(
  { channels, chosen, token, matrix }: ReportInputs,
  signal: AbortSignal,
): GitHubReporter | undefined {
  const run = readGitHubRun(process.env);
  if (run === undefined || token === "") return undefined;
  return new GitHubReporter({
    run,
    token,
    matrix,
    signal,
    comment: channels.has("comment"),
    deployments: channels.has("deployments"),
    tell: (notice) => (chosen ? core.notice(notice) : actionLog.notice(notice)),
  });
}

async function finish(record: RunRecord, outputFolder: string, report: ReportInputs): Promise<void> {
  record.endedAtMs = Date.now();
  const reportPath = join(outputFolder, "report.json");
  writeFileSync(reportPath, `${JSON.stringify(reportOf(record), undefined, 2)}\n`);
  for (const [name, value] of Object.entries(outputsOf(record, reportPath))) core.setOutput(name, value);
  if (report.channels.has("annotations")) annotate(record);
  actionLog.info(verdict(record));
  if (report.channels.has("summary")) await core.summary.addRaw(renderSummary(record)).write();
}

async function main(): Promise<void> {
  const { temporaryFolder, helpUrl } = readRunnerContext(process.env);
  const outputFolder = mkdtempSync(join(temporaryFolder, "workflow-release-"));
  const record = startRecord(Date.now(), helpUrl);
  const report = readReportInputs(process.env);
  if (report.token !== "") core.setSecret(report.token);
  const reporting = new AbortController();
  const stopReporting = () => reporting.abort(new Error("no answer in time"));
  const reporter = openReporter(report, reporting.signal);
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
  try {
    await Promise.race([run(record, outputFolder, interruption.signal, reporter), graceOver.promise]);
  } catch (error) {
    const failure = toReleaseError(interruption.signal.aborted ? interruption.signal.reason : error);
    recordFailure(record, failure);
    for (const line of errorLines(failure, verdict(record))) actionLog.info(line);
    process.exitCode = failure.exitCode;
  }
  await finish(record, outputFolder, report);
  setTimeout(stopReporting, reportLimitMs).unref();
  await reporter?.end(record);
}

try {
  await main();
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
