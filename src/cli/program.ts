import { Command } from "commander";
import { exitCodes } from "../error-table.ts";
import { version } from "../version.ts";
import { addBuildCommand } from "./build.ts";
import { addClusterCommand } from "./cluster.ts";
import { addDeployCommand } from "./deploy.ts";
import { addHistoryCommand } from "./history.ts";
import { addInitCommand } from "./init.ts";
import { addJobCommand } from "./job.ts";
import { addKeyCommand } from "./key.ts";
import { addMigrateCommand } from "./migrate.ts";
import { addPlanCommand } from "./plan.ts";
import { addPromoteCommand } from "./promote.ts";
import { addPublishCommand } from "./publish.ts";
import { addRehearseCommand } from "./rehearse.ts";
import { addRollbackCommand } from "./rollback.ts";
import { addRunnerCommand } from "./runner.ts";
import { addServeCommand } from "./serve.ts";
import { addStatusCommand } from "./status.ts";

const exitCodeHelp = `
Exit codes:
  ${exitCodes.ok}    done
  ${exitCodes.failed}    the project, the release or the request is at fault
  ${exitCodes.usage}    the command line or tilebox.workflow.toml is at fault
  ${exitCodes.system}    a machine, the network or the control plane is at fault; run again
  ${exitCodes.partial}    some clusters have the release and some do not
  ${exitCodes.interrupted}  stopped by a signal`;

/** The command line, described so that --help is enough to use it. */
export function createProgram(): Command {
  const program = new Command("workflow-release")
    .description("Turn a Python workflow project into a release that runs.")
    .version(version)
    .showHelpAfterError("(add --help for the options)")
    .showSuggestionAfterError()
    .addHelpText("after", exitCodeHelp)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? exitCodes.ok : exitCodes.usage));
  addInitCommand(program);
  addBuildCommand(program);
  addRehearseCommand(program);
  addPlanCommand(program);
  addPublishCommand(program);
  addDeployCommand(program);
  addPromoteCommand(program);
  addRollbackCommand(program);
  addStatusCommand(program);
  addHistoryCommand(program);
  addServeCommand(program);
  addRunnerCommand(program);
  addJobCommand(program);
  addClusterCommand(program);
  addKeyCommand(program);
  addMigrateCommand(program);
  return program;
}
