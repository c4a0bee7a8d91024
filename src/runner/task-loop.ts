/**
 * Claims tasks, has them run, and reports what became of them: as many at once as there are lanes. A lane
 * that has just finished a task reports it and asks for the next one in one call. Of the lanes that have
 * nothing to do, one asks for all of them, so that an idle runner costs one request and not one a lane.
 */
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
import { keepLease, toMs } from "./lease.ts";
import type { NextTaskBatch } from "./next-task-batch.ts";
import { isRefusal } from "./refusal.ts";
import { type Ahead, ReportBatch } from "./report-batch.ts";
import type { Claim } from "./roster.ts";
import { failed, type TaskResult } from "./task-report.ts";
import { sleep, type Time } from "./time.ts";

export interface TaskLoopDeps {
  readonly tasks: Pick<Client<typeof TaskService>, "taskFailed" | "extendTaskLease"> &
    Pick<NextTaskBatch, "nextTask">;
  readonly time: Time;
  /** In [0, 1). */
  readonly random: () => number;
  /** Undefined when no worker can take a task now. */
  claim(): Claim | undefined;
  ahead(): Ahead;
  /** A lane heard that there is nothing to run, or has nothing to ask for. */
  onIdle(): void;
  /** The control plane refuses this runner as such; the loop has stopped. */
  onRefused(error: ReleaseError): void;
  /** It did not answer, each time; it is asked again. */
  onUnreachable(error: ReleaseError): void;
  onReached(): void;
  onEvent(event: RunnerEvent): void;
}

/** As the official clients keep a suggested sleep. */
const shortestSleepMs = 1;
const longestSleepMs = 5 * 60_000;
/** Where a control plane answers with neither a task nor a time to sleep. */
const defaultSleepMs = 1_000;
const firstPauseMs = 500;
const longestPauseMs = 30_000;
/** A runner that quits is to be gone within two seconds: what is not answered by then is given up. */
const lastCallsMs = 1_200;

export class TaskLoop {
  readonly #deps: TaskLoopDeps;
  readonly #stop = new AbortController();
  readonly #quit = new AbortController();
  readonly #calls = new AbortController();
  readonly #reports: ReportBatch;
  /** The lanes that wait for their turn to ask for all of them. */
  readonly #parked: (() => void)[] = [];
  #asking = false;
  /** Wakes whoever sleeps; counted, so that one that comes during a request is not missed. */
  #wakes = 0;
  #wakeSleeper = (): void => {};
  #idleAsk = new AbortController();
  #starved = false;
  #busy = 0;

  constructor(deps: TaskLoopDeps) {
    this.#deps = deps;
    this.#reports = new ReportBatch(deps.time, () => deps.ahead());
  }

  /** Tasks that run or are not reported yet. */
  get busy(): number {
    return this.#busy;
  }

  /** Runs until it is stopped and every task is reported. Never rejects. */
  async run(lanes: number): Promise<void> {
    await Promise.all(Array.from({ length: lanes }, () => this.#lane()));
  }

  /** Claims nothing more. */
  stop(): void {
    this.#stop.abort();
    this.#reports.leave();
    this.withdraw();
    this.wake();
    for (const next of this.#parked.splice(0)) next();
  }

  /** Waits for nothing any more: what is being said to the control plane has a moment to be answered. */
  quit(): void {
    this.#quit.abort();
    this.stop();
    this.#deps.time.after(lastCallsMs, () => this.#calls.abort());
  }

  /** There may be work: whoever sleeps asks again. */
  wake(): void {
    this.#wakes++;
    this.#wakeSleeper();
  }

  /** What is being asked for is not wanted any more: a request that waits for work is given up. */
  withdraw(): void {
    this.#idleAsk.abort();
    this.#idleAsk = new AbortController();
  }

  /** A worker can take another task: whoever had nothing to ask for may have now. */
  onFree(): void {
    if (this.#starved) this.wake();
  }

  async #lane(): Promise<void> {
    let result: TaskResult | undefined;
    for (;;) {
      using claimed = await this.#next(result);
      if (claimed === undefined) return;
      this.#busy++;
      result = await this.#runTask(claimed);
    }
  }

  async #runTask({ task, claim }: ClaimedTask): Promise<TaskResult> {
    const { time, tasks, onEvent } = this.#deps;
    const end = keepLease(task, {
      time,
      extend: ({ id }, requestedLease) =>
        tasks.extendTaskLease({ requestedLease, ...(id === undefined ? {} : { taskId: id }) }),
      onLost: () => onEvent({ kind: "lease-lost", task }),
    });
    try {
      return await claim.run(task);
    } finally {
      end();
    }
  }

  /** Reports, and waits for the next task; undefined when there is to be none. */
  async #next(result: TaskResult | undefined): Promise<ClaimedTask | undefined> {
    if (result === undefined) return await this.#wait();
    let claimed: ClaimedTask | undefined;
    if (result.kind === "failed") {
      await this.#reportFailure(result.task);
      claimed = await this.#ask(undefined);
    } else {
      claimed = await this.#ask(result.task);
      // What it submitted is more than one lane's work.
      if (result.task.subTasks !== undefined) this.wake();
    }
    this.#busy--;
    return claimed ?? (await this.#wait());
  }

  /** Asks in turn with the other lanes that have nothing to do. */
  async #wait(): Promise<ClaimedTask | undefined> {
    while (this.#asking) {
      if (this.#stop.signal.aborted) return undefined;
      await new Promise<void>((resume) => this.#parked.push(resume));
    }
    this.#asking = true;
    try {
      while (!this.#stop.signal.aborted) {
        const wakes = this.#wakes;
        const idle: { sleepMs?: number } = {};
        const claimed = await this.#ask(undefined, idle);
        if (claimed !== undefined) return claimed;
        this.#starved = idle.sleepMs === undefined;
        this.#deps.onIdle();
        if (wakes === this.#wakes) await this.#sleep(idle.sleepMs ?? longestSleepMs);
        this.#starved = false;
      }
      return undefined;
    } finally {
      this.#asking = false;
      this.#parked.shift()?.();
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        this.#wakeSleeper = () => {};
        resolve();
      };
      const cancel = this.#deps.time.after(ms, wake);
      this.#wakeSleeper = wake;
    });
  }

  /**
   * Reports a computed task, if any, and asks for a task, if any can be taken.
   *
   * @param idle is told how long to sleep; nothing when there was nothing to ask for.
   */
  async #ask(
    computed: ComputedTask | undefined,
    idle: { sleepMs?: number } = {},
  ): Promise<ClaimedTask | undefined> {
    const claim = this.#stop.signal.aborted ? undefined : this.#deps.claim();
    if (computed === undefined && claim === undefined) return undefined;
    const send = () => this.#send(computed, claim);
    // The claim is kept meanwhile, so that nobody else asks for it alone. Sub-tasks are work for others.
    const waits = computed !== undefined && computed.subTasks === undefined && !this.#stop.signal.aborted;
    const answer = await (waits ? this.#reports.send(send) : send());
    if (claim === undefined) return undefined;
    if (answer === "withdrawn") {
      claim[Symbol.dispose]();
      idle.sleepMs = shortestSleepMs;
      return undefined;
    }
    const task = answer?.nextTask;
    if (task !== undefined) return { task, claim, [Symbol.dispose]: () => claim[Symbol.dispose]() };
    claim[Symbol.dispose]();
    const suggestedMs = toMs(answer?.idling?.suggestedIdlingDuration) || defaultSleepMs;
    idle.sleepMs = Math.min(Math.max(suggestedMs, shortestSleepMs), longestSleepMs);
    return undefined;
  }

  /** Until it is answered; undefined when the loop stops before, or the control plane refuses this runner. */
  async #send(
    computed: ComputedTask | undefined,
    claim: Claim | undefined,
  ): Promise<NextTaskResponse | "withdrawn" | undefined> {
    let report = computed;
    for (let failures = 0; ; failures++) {
      const claims = claim !== undefined && !this.#stop.signal.aborted;
      if (report === undefined && !claims) return undefined;
      const request = create(NextTaskRequestSchema);
      if (report !== undefined) request.computedTask = report;
      if (claims) request.nextTaskToRun = claim.toRun;
      // A report is never given up for what is asked with it.
      const { signal } = report === undefined ? this.#idleAsk : this.#calls;
      try {
        const answer = await this.#deps.tasks.nextTask(request, { signal });
        this.#deps.onReached();
        return answer;
      } catch (thrown) {
        if (report === undefined && signal.aborted) return "withdrawn";
        const error = toReleaseError(thrown);
        if (isRefusal(error)) return this.#refuse(error);
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
    if (report.kind === "failed") await this.#reportFailure(report.task);
  }

  async #reportFailure(report: TaskFailedRequest): Promise<void> {
    for (let failures = 0; ; failures++) {
      try {
        await this.#deps.tasks.taskFailed(report, { signal: this.#calls.signal });
        return this.#deps.onReached();
      } catch (thrown) {
        const error = toReleaseError(thrown);
        if (isRefusal(error)) return this.#refuse(error);
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

  #refuse(error: ReleaseError): undefined {
    const first = !this.#stop.signal.aborted;
    this.stop();
    if (first) this.#deps.onRefused(error);
  }
}

interface ClaimedTask extends Disposable {
  readonly task: Task;
  readonly claim: Claim;
}
