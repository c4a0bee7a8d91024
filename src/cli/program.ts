import { Command } from "commander";
import { exitCodes } from "../exit-codes.ts";
import { version } from "../version.ts";

const exitCodeHelp = `
Exit codes:
  ${exitCodes.ok}    done
  ${exitCodes.failed}    the project, the release or the request is at fault
  ${exitCodes.usage}    the command line or tilebox.workflow.toml is at fault
  ${exitCodes.system}    a machine, the network or the control plane is at fault; run again
  ${exitCodes.partial}    some clusters have the release and some do not
  ${exitCodes.interrupted}  stopped by a signal`;

/** In the order of the help. A run loads the one that it is. */
const commands = {
  init: async () => (await import("./init.ts")).addInitCommand,
  build: async () => (await import("./build.ts")).addBuildCommand,
  rehearse: async () => (await import("./rehearse.ts")).addRehearseCommand,
  plan: async () => (await import("./plan.ts")).addPlanCommand,
  publish: async () => (await import("./publish.ts")).addPublishCommand,
  deploy: async () => (await import("./deploy.ts")).addDeployCommand,
  promote: async () => (await import("./promote.ts")).addPromoteCommand,
  rollback: async () => (await import("./rollback.ts")).addRollbackCommand,
  status: async () => (await import("./status.ts")).addStatusCommand,
  history: async () => (await import("./history.ts")).addHistoryCommand,
  serve: async () => (await import("./serve.ts")).addServeCommand,
  runner: async () => (await import("./runner.ts")).addRunnerCommand,
  job: async () => (await import("./job.ts")).addJobCommand,
  cluster: async () => (await import("./cluster.ts")).addClusterCommand,
  key: async () => (await import("./key.ts")).addKeyCommand,
  backup: async () => (await import("./backup.ts")).addBackupCommand,
  restore: async () => (await import("./restore.ts")).addRestoreCommand,
  migrate: async () => (await import("./migrate.ts")).addMigrateCommand,
} satisfies Record<string, () => Promise<(program: Command) => void>>;

/**
 * The command line, described so that --help is enough to use it.
 *
 * @param firstWord of the arguments. When it names no command, as in `--help`, all commands are described.
 */
export async function createProgram(firstWord: string | undefined): Promise<Command> {
  const program = new Command("workflow-release")
    .description("Turn a Python workflow project into a release that runs.")
    .version(version)
    .showHelpAfterError("(add --help for the options)")
    .showSuggestionAfterError()
    .addHelpText("after", exitCodeHelp)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? exitCodes.ok : exitCodes.usage));
  for (const add of await Promise.all(asked(firstWord))) add(program);
  return program;
}

function asked(firstWord = ""): readonly Promise<(program: Command) => void>[] {
  const all = Object.entries(commands);
  const named = all.filter(([name]) => name === firstWord);
  return (named.length === 0 ? all : named).map(([, load]) => load());
}
