/** Runners as far as the control plane sees them: they claim, take their time, extend leases, report. */
import { setTimeout as waitFor } from "node:timers/promises";
import type { HttpApiClient } from "../../src/api/client.ts";
import type { Random } from "../server/deploy-race.ts";
import { groupsOf } from "../server/services/jobs-under-test.ts";
import { callLimitMs, type FleetClient } from "./fleet.ts";
import type { Hold, Journal } from "./journal.ts";

const identifier = { name: "Task", version: "v1.0" };
const limit = { timeoutMs: callLimitMs };
/** Of a thousand tasks: so many are forgotten by whoever has them, as by a machine that goes away. */
const droppedPerThousand = 3;
/** A task that says so in its name fails in its first attempts; more are allowed, for reports that arrive twice. */
export const flaky = { name: "flaky", failures: 2, maxRetries: 10n } as const;

export interface TaskDurations {
  /** Of a hundred tasks. */
  readonly percent: number;
  readonly leastMs: number;
  readonly mostMs: number;
}

type NextTask = Awaited<ReturnType<HttpApiClient["tasks"]["nextTask"]>>["nextTask"];

interface Task {
  readonly id: Uint8Array;
  readonly key: string;
  readonly display: string;
  readonly retryCount: number;
  readonly hold: Hold;
}

interface ClaimerOptions {
  readonly client: FleetClient;
  readonly journal: Journal;
  readonly random: Random;
  readonly durations: readonly TaskDurations[];
  /** Nobody forgets tasks any more, so that the end need not wait for their leases. */
  readonly isEnding: () => boolean;
  readonly isOver: () => boolean;
}

export class Claimer {
  readonly #options: ClaimerOptions;
  /** It runs a task that takes long, and has nothing to say meanwhile. */
  isBusy = false;

  constructor(options: ClaimerOptions) {
    this.#options = options;
  }

  get lastAnsweredAtMs(): number {
    return this.#options.client.answeredAtMs;
  }

  async work(): Promise<void> {
    let task: Task | undefined;
    while (!this.#options.isOver()) {
      const report = task;
      task = await this.#next(report);
      if (task === undefined) continue;
      if (!(await this.#run(task))) {
        this.#options.journal.counts.dropped++;
        task = undefined;
      } else if (task.display === flaky.name && task.retryCount < flaky.failures) {
        await this.#fail(task);
        task = undefined;
      }
    }
  }

  /** Once: a second one could be for the next attempt. What was not heard ends with the lease. */
  async #fail({ id, key, hold }: Task): Promise<void> {
    const { client, journal } = this.#options;
    const request = { taskId: { uuid: id }, display: flaky.name, wasWorkflowError: true };
    const sentAtMs = Date.now();
    hold.leaseEndsAtMs = Math.min(hold.leaseEndsAtMs, sentAtMs);
    try {
      await client.attempt((api) => api.tasks.taskFailed(request, limit));
      journal.counts.failed++;
    } catch {
      if (!journal.unansweredFailures.has(key)) journal.unansweredFailures.set(key, sentAtMs);
    }
  }

  /** Reports and claims in one request, as SDKs do. Sent again when no answer comes: the report is, too. */
  async #next(report: Task | undefined): Promise<Task | undefined> {
    const { client, journal, random, isOver } = this.#options;
    const computedTask = report === undefined ? undefined : this.#result(report);
    let sentAtMs = 0;
    const answer = await client.call((api) => {
      sentAtMs = Date.now();
      const nextTaskToRun = { identifiers: [identifier] };
      const request = computedTask === undefined ? { nextTaskToRun } : { computedTask, nextTaskToRun };
      return api.tasks.nextTask(request, limit);
    }, isOver);
    if (answer === undefined) return undefined;
    if (report !== undefined) journal.computed(report.key, sentAtMs);
    const task = toTask(answer.nextTask, sentAtMs);
    if (task !== undefined) journal.claimed(task.key, task.hold);
    else await waitFor(10 + 40 * random());
    return task;
  }

  #result({ id, display }: Task) {
    const computed = { id: { uuid: id }, display };
    // What a task submits follows from its name, so that a report that is sent again says the same.
    const leaves = /^root (\d+)$/.exec(display)?.[1];
    if (leaves === undefined || leaves === "0") return computed;
    const names = Array.from({ length: Number(leaves) }, (_, index) => (index === 0 ? flaky.name : "leaf"));
    const retries = names.map((name) => (name === flaky.name ? flaky.maxRetries : 0n));
    return { ...computed, subTasks: groupsOf(names, retries) };
  }

  /** @returns false when the task is forgotten. */
  async #run({ id, hold }: Task): Promise<boolean> {
    const { random, isEnding, isOver } = this.#options;
    if (random() * 1_000 < droppedPerThousand && !isEnding()) return false;
    const endsAtMs = Date.now() + this.#durationMs();
    while (Date.now() < endsAtMs && !isOver()) {
      const extendAtMs = hold.leaseEndsAtMs - 5_000;
      this.isBusy = true;
      await waitFor(Math.max(0, Math.min(endsAtMs, extendAtMs) - Date.now()));
      // Timers may fire a little early.
      if (extendAtMs < endsAtMs && !(await this.#extend(id, hold))) break;
    }
    this.isBusy = false;
    return true;
  }

  /** @returns false when somebody else may have the task by now. The work is reported all the same, as SDKs do. */
  async #extend(id: Uint8Array, hold: Hold): Promise<boolean> {
    const { client, journal, isOver } = this.#options;
    const isLost = () => Date.now() >= hold.leaseEndsAtMs;
    let sentAtMs = 0;
    const answer = await client.call(
      (api) => {
        sentAtMs = Date.now();
        const request = { taskId: { uuid: id }, requestedLease: { seconds: 15n } };
        return api.tasks.extendTaskLease(request, limit);
      },
      () => isLost() || isOver(),
    );
    const leaseMs = millisecondsOf(answer?.lease);
    if (leaseMs === 0) {
      journal.counts.leasesLost++;
      return false;
    }
    journal.counts.extended++;
    hold.leaseEndsAtMs = Math.max(hold.leaseEndsAtMs, sentAtMs + leaseMs);
    return true;
  }

  #durationMs(): number {
    const { random, durations } = this.#options;
    let at = random() * 100;
    for (const { percent, leastMs, mostMs } of durations) {
      if (at < percent) return leastMs + (mostMs - leastMs) * random();
      at -= percent;
    }
    return 0;
  }
}

function toTask(next: NextTask, sentAtMs: number): Task | undefined {
  const id = next?.id?.uuid;
  if (next === undefined || id === undefined) return undefined;
  const answeredAtMs = Date.now();
  const leaseEndsAtMs = sentAtMs + millisecondsOf(next.lease?.lease);
  const hold = { sentAtMs, answeredAtMs, leaseEndsAtMs };
  const { display, retryCount } = next;
  return { id, key: Buffer.from(id).toString("hex"), display, retryCount: Number(retryCount), hold };
}

function millisecondsOf(duration: { readonly seconds: bigint; readonly nanos: number } | undefined): number {
  return duration === undefined ? 0 : Number(duration.seconds) * 1_000 + duration.nanos / 1e6;
}
