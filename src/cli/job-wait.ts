import type { Command } from "commander";
import type { ApiClient } from "../api/client.ts";
import type { ID } from "../api/gen/tilebox/v1/id_pb.ts";
import { UserError } from "../errors.ts";
import type { JobView } from "../jobs/job-view.ts";
import { jobLines, progressLine } from "./job-text.ts";
import { type Answer, terminalLog } from "./run.ts";

export interface WaitOption {
  readonly wait: boolean;
}

export function addWaitOption(command: Command): Command {
  return command.option("--wait", "wait until the job has ended; fail when it did not complete", false);
}

/** Waits for the job's end with its progress on stderr. Throws job-failed when it does not complete. */
export async function waitForTerminal(api: ApiClient, jobId: ID, signal: AbortSignal): Promise<Answer> {
  const { viewJob } = await import("../jobs/job-view.ts");
  const { waitForJob } = await import("../jobs/wait.ts");
  const show = createProgress(process.stderr);
  const job = viewJob(await waitForJob(api, jobId, signal, (seen) => show.update(viewJob(seen))));
  show.end();
  if (job.state !== "completed") throw await failureOf(api, jobId, job, signal);
  return { json: job, text: jobLines(job) };
}

/** On a terminal one line that is written over; elsewhere a line for each new state. */
function createProgress(stream: NodeJS.WriteStream) {
  let last = "";
  let state = "";
  const clear = (): void => void stream.write("\r\u001b[K");
  return {
    update(job: JobView): void {
      const line = progressLine(job);
      if (stream.isTTY) {
        if (line !== last) {
          clear();
          stream.write(line);
        }
      } else if (job.state !== state) terminalLog.info(line);
      last = line;
      state = job.state;
    },
    end(): void {
      if (stream.isTTY) clear();
    },
  };
}

async function failureOf(api: ApiClient, jobId: ID, job: JobView, signal: AbortSignal): Promise<UserError> {
  const { readTaskTree, eachTask } = await import("../jobs/tree.ts");
  const { awaitTracebacks } = await import("../jobs/tracebacks.ts");
  const tree = await readTaskTree(api, jobId, shownTasks, signal);
  const failed = [...eachTask(tree.roots)].filter(({ task }) => task.state === "failed");
  const ids = failed.map(({ task }) => task.id);
  const tracebacks = new Map(
    (await awaitTracebacks(api, jobId, ids, signal)).map((found) => [found.task, found]),
  );
  const how = job.state === "canceled" ? "was canceled" : "has failed";
  return new UserError("job-failed", `Job ${job.id} (${job.name}) ${how}`, {
    problems: failed.map(({ task }) => {
      const text = tracebacks.get(task.id)?.text ?? "";
      return { message: text === "" ? task.display : `${task.display}\n${text}` };
    }),
    next: `Mend what failed, deploy it to the same cluster, then \`workflow-release job retry ${job.id}\`.`,
  });
}

const shownTasks = 1_000;
