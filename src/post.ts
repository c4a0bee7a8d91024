/** The action's post step, which the runner starts also when the main step was killed: ends what that left open. */
import * as core from "@actions/core";
import { openDeploymentsState, parseOpenDeployments } from "./action/open-deployments.ts";
import { readGitHubRun } from "./inputs/github-run.ts";
import { readReportInputs } from "./inputs/report.ts";
import { actionLog } from "./report/action-log.ts";

/** The runner gives the post steps of a cancelled job 5 minutes together. */
const limitMs = 30_000;

async function post(): Promise<void> {
  const open = parseOpenDeployments(core.getState(openDeploymentsState));
  const run = readGitHubRun(process.env);
  const { token } = readReportInputs(process.env);
  if (open.length === 0 || run === undefined || token === "") return;
  core.setSecret(token);
  const late = new AbortController();
  setTimeout(() => late.abort(new Error("no answer in time")), limitMs).unref();
  const { createGitHubClient } = await import("./report/github/client.ts");
  const { endOpenDeployments } = await import("./report/github/end-open-deployments.ts");
  const client = await createGitHubClient({ ...run, token }, { signal: late.signal });
  for (const line of await endOpenDeployments(client, open, run.runUrl)) actionLog.info(line);
}

post()
  // What the job did is done; nothing here may change how it ended.
  .catch((error: unknown) => actionLog.info(String(error)))
  // On Windows and macOS a pipe may still hold what was written last.
  .then(() => new Promise((resolve) => process.stdout.write("", resolve)))
  .then(() => process.exit());
