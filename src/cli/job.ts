import { randomBytes } from "node:crypto";
import { type Command, InvalidArgumentError } from "commander";
import type { HttpApiClient } from "../api/client.ts";
import type { ID } from "../api/gen/tilebox/v1/id_pb.ts";
import { idToBytes, parseId } from "../engine/id.ts";
import type { TaskIdentifier } from "../engine/task-identifier.ts";
import { treeLines } from "../report/task-tree.ts";
import { jobLines, logLines, whyLines } from "./job-text.ts";
import { addWaitOption, type WaitOption, waitForTerminal } from "./job-wait.ts";
import { addJsonOption, type JsonOption } from "./json-option.ts";
import { type ApiOptions, addApiOptions, apiTargetOf } from "./options.ts";
import { type Answer, runCommand, terminalLog } from "./run.ts";
import { addInputOptions, type InputOptions, readInput, taskArgument } from "./task-argument.ts";
import { wholeNumber } from "./whole-number.ts";

type JobOptions = JsonOption & ApiOptions;

const defaultTreeTasks = 1_000;
const defaultLogLines = 1_000;

export function addJobCommand(program: Command): void {
  const command = program.command("job").description("Submit, watch, retry and cancel jobs.");
  addSubmit(command);
  addReads(command);
  addWhy(command);
  addChanges(command);
}

interface SubmitOptions extends JobOptions, InputOptions, WaitOption {
  readonly name?: string;
  readonly cluster?: string;
  readonly maxRetries: number;
}

function addSubmit(parent: Command): void {
  const command = addSubcommand(parent, "submit", "Submit a job of one task, which may submit others.")
    .argument("<task>", "NAME@VERSION, as in tiles/Mosaic@v1.0", taskArgument)
    .option("--name <name>", "what people call the job (default: the task's name)")
    .option("--cluster <slug>", "where it runs (default: the control plane's default cluster)")
    .option("--max-retries <times>", "how often the task is tried again", wholeNumber(0, 1_000), 0);
  addWaitOption(addInputOptions(command)).action((task: TaskIdentifier, options: SubmitOptions) =>
    withApi(options, async (api, signal) => {
      const input = await readInput(options);
      const { submitJob } = await import("../jobs/submit.ts");
      const { name = task.name, cluster = "", maxRetries } = options;
      const random = (sizeBytes: number) => randomBytes(sizeBytes);
      const job = await submitJob(api, { name, task, input, cluster, maxRetries }, random, signal);
      const { viewJob } = await import("../jobs/job-view.ts");
      const view = viewJob(job);
      if (options.wait) {
        // Whoever stops waiting needs the id to come back to it.
        terminalLog.info(`Submitted job ${view.id}`);
        return await waitForTerminal(api, requireId(job.id), signal);
      }
      return { json: view, text: view.id };
    }),
  );
}

function addReads(parent: Command): void {
  addWaitOption(withJob(addSubcommand(parent, "get", "Show a job."))).action(
    (jobId: ID, options: JobOptions & WaitOption) =>
      withApi(options, async (api, signal) => {
        if (options.wait) return await waitForTerminal(api, jobId, signal);
        const { viewJob } = await import("../jobs/job-view.ts");
        const view = viewJob(await api.jobs.getJob({ jobId }, { signal }));
        return { json: view, text: jobLines(view) };
      }),
  );
  withJob(addSubcommand(parent, "tree", "Show the tasks of a job as a tree."))
    .option("--limit <tasks>", "how many to show at most", wholeNumber(1, 100_000), defaultTreeTasks)
    .action((jobId: ID, options: JobOptions & { readonly limit: number }) =>
      withApi(options, async (api, signal) => {
        const { readTaskTree } = await import("../jobs/tree.ts");
        const tree = await readTaskTree(api, jobId, options.limit, signal);
        return { json: tree, text: treeLines(tree) };
      }),
    );
  withJob(addSubcommand(parent, "logs", "Show what the tasks of a job logged."))
    .option("--task <id>", "of one task only", idArgument)
    .option("--limit <lines>", "how many at most: the last ones", wholeNumber(1, 100_000), defaultLogLines)
    .action((jobId: ID, options: JobOptions & { readonly task?: ID; readonly limit: number }) =>
      withApi(options, async (api, signal) => {
        const { readLogs } = await import("../jobs/logs.ts");
        const lines = await readLogs(api, { jobId, taskId: options.task, limit: options.limit }, signal);
        return { json: { lines }, text: logLines(lines) };
      }),
    );
}

function addWhy(parent: Command): void {
  withJob(addSubcommand(parent, "why", "Say why the queued tasks of a job are not being claimed.")).action(
    (jobId: ID, options: JobOptions) =>
      withApi(options, async (api, signal) => {
        const explanation = await api.explainJob(jobId, signal);
        return { json: explanation, text: whyLines(explanation) };
      }),
  );
}

function addChanges(parent: Command): void {
  addWaitOption(withJob(addSubcommand(parent, "retry", "Run the failed tasks of a job again."))).action(
    (jobId: ID, options: JobOptions & WaitOption) =>
      withApi(options, async (api, signal) => {
        const { numTasksRescheduled } = await api.jobs.retryJob({ jobId }, { signal });
        if (options.wait) return await waitForTerminal(api, jobId, signal);
        const tasks = Number(numTasksRescheduled);
        return {
          json: { rescheduledTasks: tasks },
          text: `${tasks} failed task${tasks === 1 ? "" : "s"} queued again`,
        };
      }),
  );
  withJob(addSubcommand(parent, "cancel", "Hand out no more tasks of a job; running ones finish.")).action(
    (jobId: ID, options: JobOptions) =>
      withApi(options, async (api, signal) => {
        await api.jobs.cancelJob({ jobId }, { signal });
        return { json: { canceled: true }, text: "Canceled" };
      }),
  );
}

function addSubcommand(parent: Command, name: string, description: string): Command {
  return addJsonOption(addApiOptions(parent.command(name).description(description)));
}

function withJob(command: Command): Command {
  return command.argument("<job>", "id of the job", idArgument);
}

function idArgument(value: string): ID {
  const id = parseId<"job">(value.toLowerCase());
  if (id === undefined)
    throw new InvalidArgumentError("give an id, as in 019acba6-f5fa-7e90-8106-0123456789ab");
  return { $typeName: "tilebox.v1.ID", uuid: idToBytes(id) };
}

function requireId(id: ID | undefined): ID {
  if (id === undefined) throw new TypeError("a job without an id");
  return id;
}

async function withApi(
  options: JobOptions,
  command: (api: HttpApiClient, signal: AbortSignal) => Promise<Answer>,
): Promise<void> {
  await runCommand(options, async (signal) => {
    const { createApiClient } = await import("../api/client.ts");
    using api = await createApiClient({ ...apiTargetOf(options), env: process.env });
    return await command(api, signal);
  });
}
