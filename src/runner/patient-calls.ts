/** What the task loop says to the control plane, and says again until it is answered. */
import { create } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { Task } from "../api/gen/workflows/v1/core_pb.ts";
import {
  type ComputedTask,
  NextTaskRequestSchema,
  type NextTaskResponse,
  type TaskFailedRequest,
  type TaskService,
} from "../api/gen/workflows/v1/task_pb.ts";
import { errorTable } from "../error-table.ts";
import { type ReleaseError, toReleaseError } from "../errors.ts";
import type { RunnerEvent } from "./events.ts";
import type { NextTaskBatch } from "./next-task-batch.ts";
import { isRefusal } from "./refusal.ts";
import type { Claim } from "./roster.ts";
import { failed } from "./task-report.ts";
import { sleep, type Time } from "./time.ts";

export interface PatientCallsDeps {
  readonly tasks: Pick<Client<typeof TaskService>, "taskFailed"> & Pick<NextTaskBatch, "nextTask">;
  readonly time: Time;
  /** In [0, 1). */
  readonly random: () => number;
  /** The control plane refuses this runner as such: nothing more is to be claimed. */
  onRefused(error: ReleaseError): void;
  /** It did not answer, each time; it is asked again. */
  onUnreachable(error: ReleaseError): void;
  onReached(): void;
  onEvent(event: RunnerEvent): void;
}

const firstPauseMs = 500;
const longestPauseMs = 30_000;
/** A runner that quits is to be gone within two seconds: what is not answered by then is given up. */
const lastCallsMs = 1_200;

export class PatientCalls {
  readonly #deps: PatientCallsDeps;
  readonly #stop: AbortSignal;
  readonly #quit = new AbortController();
  readonly #calls = new AbortController();

  /** @param stop aborted when nothing more is to be claimed */
  constructor(deps: PatientCallsDeps, stop: AbortSignal) {
    this.#deps = deps;
    this.#stop = stop;
  }

  /** Waits for nothing any more: what is being said has a moment to be answered. */
  quit(): void {
    this.#quit.abort();
    this.#deps.time.after(lastCallsMs, () => this.#calls.abort());
  }

  /**
   * Reports a computed task, if any, and asks for a task, if any can be taken.
   *
   * @param withdraw gives up asking, where nothing is reported with it
   * @returns undefined when nothing more is to be claimed, or the control plane refuses this runner
   */
  async nextTask(
    computed: ComputedTask | undefined,
    claim: Claim | undefined,
    withdraw: AbortSignal,
  ): Promise<NextTaskResponse | "withdrawn" | undefined> {
    let report = computed;
    for (let failures = 0; ; failures++) {
      const claims = claim !== undefined && !this.#stop.aborted;
      if (report === undefined && !claims) return undefined;
      const request = create(NextTaskRequestSchema);
      if (report !== undefined) request.computedTask = report;
      if (claims) request.nextTaskToRun = claim.toRun;
      // A report is never given up for what is asked with it.
      const signal = report === undefined ? withdraw : this.#calls.signal;
      try {
        const answer = await this.#deps.tasks.nextTask(request, { signal });
        this.#deps.onReached();
        return answer;
      } catch (thrown) {
        if (report === undefined && signal.aborted) return "withdrawn";
        const error = toReleaseError(thrown);
        if (isRefusal(error)) {
          this.#deps.onRefused(error);
          return undefined;
        }
        if (report !== undefined && errorTable[error.code].kind === "user") {
          await this.#refused(report, error);
          report = undefined;
          failures = -1;
        } else if (!(await this.#pause(failures, error))) return undefined;
      }
    }
  }

  /** A result that the control plane will never take, sub-tasks beyond its limits most likely, is the task's failure. */
  async #refused({ id, display }: ComputedTask, error: ReleaseError): Promise<void> {
    const task = { display, ...(id === undefined ? {} : { id }) } as Task;
    this.#deps.onEvent({ kind: "result-refused", task, error });
    const problems = error.problems.map(({ file, message }) => [file, message].filter(Boolean).join(" "));
    const report = failed(
      task,
      ["The control plane refused its result:", error.message, ...problems].join("\n"),
    );
    if (report.kind === "failed") await this.reportFailure(report.task);
  }

  /** Reports a failed task, unless the control plane refuses the report, which it would again. Never rejects. */
  async reportFailure(report: TaskFailedRequest): Promise<void> {
    for (let failures = 0; ; failures++) {
      try {
        await this.#deps.tasks.taskFailed(report, { signal: this.#calls.signal });
        return this.#deps.onReached();
      } catch (thrown) {
        const error = toReleaseError(thrown);
        if (isRefusal(error)) return this.#deps.onRefused(error);
        // Another answer would not be another one the next time; the lease's end decides then.
        if (errorTable[error.code].kind === "user" || !(await this.#pause(failures, error))) return;
      }
    }
  }

  /** False when there is to be no other try. */
  async #pause(failures: number, error: ReleaseError): Promise<boolean> {
    if (this.#quit.signal.aborted) return false;
    this.#deps.onUnreachable(error);
    const fullMs = Math.min(firstPauseMs * 2 ** failures, longestPauseMs);
    await sleep(this.#deps.time, fullMs * (0.5 + this.#deps.random() / 2), this.#quit.signal);
    return !this.#quit.signal.aborted;
  }
}
