import { setTimeout as delay } from "node:timers/promises";
import type { TaskIdentifier } from "../engine/task-identifier.ts";
import type { Endpoint } from "./endpoint.ts";
import type { StartClock } from "./start-clock.ts";
import type { StartFailure } from "./start-failure.ts";
import { within } from "./within.ts";
import type { TasksAnswer, WorkerClient } from "./worker-client.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** managed: 0.64 and later, with token, announcement and log stream. legacy: 0.53 to 0.63, without. */
export type WorkerGeneration = "managed" | "legacy";

export interface Readiness {
  readonly kind: "ready";
  readonly generation: WorkerGeneration;
  /** In the order of registration. */
  readonly tasks: readonly TaskIdentifier[];
}

/** Short enough not to be noticed, long enough to cost nothing. */
const lookEveryMs = 5;
/** A call costs a hundred looks: a slow import is asked ever less often, at a twentieth of its time so far. */
const askLessAfter = 20;
const askAtLeastEveryMs = 100;
/** A call without an answer is made again: while the interpreter lock is held, none is answered. */
const answerWithinMs = 1_000;
/** A worker that ends may answer with any status, a little before its exit is seen. */
const exitFollowsWithinMs = 500;

/** A worker on its way up. */
export interface Starting {
  readonly process: WorkerProcess;
  readonly endpoint: Endpoint;
  readonly client: Promise<WorkerClient>;
  readonly clock: StartClock;
}

/** Waits until the worker lists its tasks, ends, or takes longer than it may. Aborting rejects with the signal's reason. */
export async function awaitReadiness(
  starting: Starting,
  signal: AbortSignal,
): Promise<Readiness | StartFailure> {
  const { process, endpoint, clock } = starting;
  let reachable = false;
  let answer: TasksAnswer = { kind: "silent" };
  for (;;) {
    signal.throwIfAborted();
    if (process.exit() !== undefined) return exited(starting);
    if (clock.overdue()) {
      const answered = answer.kind === "loading";
      return {
        kind: "timed-out",
        phase: clock.phase,
        limitMs: clock.limitMs,
        answered,
        output: process.output(),
      };
    }
    if (endpoint.announced()) clock.enterImport();
    reachable ||= clock.phase === "import" || (await endpoint.listening());
    if (reachable) answer = await (await starting.client).askForTasks(answerWithinMs);
    if (answer.kind === "foreign") return foreign(starting, answer.status);
    if (answer.kind === "tasks") {
      // A managed worker announces itself before it imports anything.
      const generation = endpoint.announced() ? "managed" : "legacy";
      return { kind: "ready", generation, tasks: answer.tasks };
    }
    const pauseMs = reachable ? clock.elapsedMs() / askLessAfter : 0;
    await delay(Math.min(Math.max(pauseMs, lookEveryMs), askAtLeastEveryMs));
  }
}

async function exited({ process, endpoint, clock }: Starting): Promise<StartFailure> {
  if (endpoint.announced()) clock.enterImport();
  return { kind: "exited", phase: clock.phase, exit: await process.exited, output: process.output() };
}

async function foreign(starting: Starting, answer: string): Promise<StartFailure> {
  const { process } = starting;
  if (await within(process.exited, exitFollowsWithinMs)) return exited(starting);
  return { kind: "wrong-protocol", answer, output: process.output() };
}
