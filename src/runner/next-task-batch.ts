/**
 * NextTask for several lanes in one call, where the control plane takes that. Where tasks are short a call costs a
 * runner and a control plane as much as running and storing a task.
 */
import { create } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { FailedCall } from "../api/call-rules.ts";
import {
  NextTasksRequestSchema,
  type RunnerService,
  type TaskReportOutcome,
} from "../api/gen/workflowrelease/v1/runner_pb.ts";
import type {
  ComputedTask,
  NextTaskRequest,
  NextTaskResponse,
  NextTaskToRun,
  TaskService,
} from "../api/gen/workflows/v1/task_pb.ts";
import { mostReports } from "../api/runner-calls.ts";
import { fromStatus } from "../api/status.ts";
import { fromWireError } from "../api/wire-error.ts";
import { errorTable } from "../error-table.ts";
import { SystemError, toReleaseError } from "../errors.ts";
import { isRefusal } from "./refusal.ts";

export interface NextTaskCalls {
  /** `host[:port]`, for messages. */
  readonly host: string;
  readonly tasks: Pick<Client<typeof TaskService>, "nextTask">;
  readonly runner: Client<typeof RunnerService>;
}

interface Waiting {
  readonly request: NextTaskRequest;
  readonly computed: ComputedTask;
  readonly signal: AbortSignal;
  resolve(answer: NextTaskResponse | Promise<NextTaskResponse>): void;
  reject(error: unknown): void;
}

export class NextTaskBatch {
  readonly #calls: NextTaskCalls;
  #waiting: Waiting[] = [];
  #isOffered = true;

  constructor(calls: NextTaskCalls) {
    this.#calls = calls;
  }

  /** As TaskService has it. What is reported in the same turn of the event loop leaves together. */
  nextTask(
    request: NextTaskRequest,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<NextTaskResponse> {
    const { computedTask } = request;
    // Who reports nothing may be held; sub-tasks may be many megabytes, which a call has a limit for.
    if (!this.#isOffered || computedTask === undefined || computedTask.subTasks !== undefined) {
      return this.#calls.tasks.nextTask(request, { signal });
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, computed: computedTask, signal, resolve, reject });
      if (this.#waiting.length === mostReports) this.#leave();
      else if (this.#waiting.length === 1) process.nextTick(() => this.#leave());
    });
  }

  #leave(): void {
    const batches = Map.groupBy(this.#waiting.splice(0), ({ signal }) => signal);
    for (const [signal, batch] of batches) {
      const [only] = batch;
      if (batch.length === 1 && only !== undefined) this.#sendAlone(only);
      else void this.#send(batch, signal);
    }
  }

  #sendAlone({ request, signal, resolve }: Waiting): void {
    resolve(this.#calls.tasks.nextTask(request, { signal }));
  }

  async #send(batch: readonly Waiting[], signal: AbortSignal): Promise<void> {
    const { host, runner } = this.#calls;
    try {
      const { outcomes } = await runner.nextTasks(toRequest(batch), { signal });
      const call = { name: "NextTask", host, missing: ["cluster"], signal } as const;
      for (const [index, { resolve }] of batch.entries()) resolve(read(outcomes[index], call));
    } catch (thrown) {
      const error = toReleaseError(thrown);
      if (errorTable[error.code].kind === "system") {
        for (const { reject } of batch) reject(error);
        return;
      }
      // A proxy that knows the public contract alone may answer in several ways. Whether the runner itself is refused,
      // NextTask tells.
      if (isRefusal(error)) this.#isOffered = false;
      // What is wrong with one report must not become the others' failure.
      for (const waiting of batch) this.#sendAlone(waiting);
    }
  }
}

async function read(outcome: TaskReportOutcome | undefined, call: FailedCall): Promise<NextTaskResponse> {
  const { case: kind, value } = outcome?.outcome ?? { case: undefined };
  switch (kind) {
    case "answer":
      return value;
    case "refusal":
      throw fromWireError(fromStatus(value), call);
    case undefined:
      throw new SystemError("api-failed", `${call.host} answered NextTasks with too few outcomes`);
  }
}

/** Lanes that report at the same time mostly offer the same; it is said once. */
function toRequest(batch: readonly Waiting[]) {
  const offers: NextTaskToRun[] = [];
  const numberOf = (toRun: NextTaskToRun | undefined): number => {
    if (toRun === undefined) return 0;
    const known = offers.findIndex((offer) => isSameOffer(offer, toRun));
    return known === -1 ? offers.push(toRun) : known + 1;
  };
  const reports = batch.map(({ computed, request }) => ({
    computedTask: computed,
    offer: numberOf(request.nextTaskToRun),
  }));
  return create(NextTasksRequestSchema, { offers, reports });
}

function isSameOffer(one: NextTaskToRun, other: NextTaskToRun): boolean {
  return (
    one.clusterSlug === other.clusterSlug &&
    one.identifiers.length === other.identifiers.length &&
    one.identifiers.every(({ name, version }, index) => {
      const like = other.identifiers[index];
      return name === like?.name && version === like.version;
    })
  );
}
