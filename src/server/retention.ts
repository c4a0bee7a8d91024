import type { Clock } from "../engine/id.ts";
import type { JobId } from "../engine/job.ts";
import { countedStates, endedStates, type Retention } from "../engine/retention.ts";
import type { JobRemoval, RetentionStore } from "../store/retention-port.ts";
import type { Storage } from "./storage.ts";
import type { Timers } from "./timers.ts";

/** Removes what is kept no longer, now and then, in steps that let others in between. */
export interface RetentionTimer {
  /** Fulfilled when no step is under way any more. */
  close(): Promise<void>;
}

/** What one pass has removed. */
export interface Removed {
  readonly jobs: number;
  readonly artifacts: number;
}

interface RetentionDeps {
  readonly storage: Pick<Storage, "store" | "blobs">;
  readonly retention: Retention;
  readonly clock: Clock;
  readonly monotonicMs: () => number;
  readonly timers: Timers;
  readonly onRemoved?: ((removed: Removed) => void) | undefined;
  /** Told when the store failed; the next pass goes on. */
  readonly report: (error: unknown) => void;
}

/** Not at once: those who waited for the control plane come first. */
const firstPassMs = 10_000;
/** From the end of one pass to the next. With several control planes each one's timer counts. */
const passEveryMs = 600_000;
/** Between steps, at least. */
export const pauseMs = 20;
/** Between steps, as many times as the last one took: of a database that is busy it takes less. */
const pauseFactor = 3;
const longestPauseMs = 2_000;
const artifactsAtOnce = 50;

export function startRetention(deps: RetentionDeps): RetentionTimer {
  const { timers, report, onRemoved, monotonicMs } = deps;
  const store = deps.storage.store.retention;
  let closed = false;
  let stopWaiting = () => {};
  let running = Promise.resolve();

  function wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = timers.set(resolve, ms);
      stopWaiting = () => {
        cancel();
        resolve();
      };
    });
  }

  async function pass(): Promise<void> {
    const removed = { jobs: 0, artifacts: 0 };
    try {
      await store.runAlone(async () => {
        let begunMs = monotonicMs();
        for await (const step of passSteps(deps)) {
          if (step !== undefined) removed[step.kind] += step.count;
          if (closed) return;
          const ownMs = pauseFactor * (monotonicMs() - begunMs);
          await wait(Math.min(Math.max(ownMs, pauseMs), longestPauseMs));
          if (closed) return;
          begunMs = monotonicMs();
        }
      });
    } catch (error) {
      if (!closed) report(error);
    }
    if (removed.jobs + removed.artifacts > 0) onRemoved?.(removed);
  }

  function passAfter(ms: number): void {
    if (closed) return;
    stopWaiting = timers.set(() => {
      running = pass().then(() => passAfter(passEveryMs));
    }, ms);
  }

  passAfter(firstPassMs);
  return {
    async close() {
      closed = true;
      stopWaiting();
      await running;
    },
  };
}

type Step = { readonly kind: keyof Removed; readonly count: number } | undefined;

/** One pass over everything, a step at a time. What an earlier one left half removed goes first. */
async function* passSteps({ storage, retention, clock }: RetentionDeps): AsyncGenerator<Step, void, void> {
  const store = storage.store.retention;
  yield* endArtifactRemovals(storage);
  yield* removeRemains(store);
  const { jobsMs, jobs, artifactsMs } = retention;
  if (jobsMs !== undefined) {
    const endedBeforeMs = clock() - jobsMs;
    for (const state of endedStates) {
      yield* removeJobs(store, (startingAfter) => ({ state, endedBeforeMs, startingAfter }));
    }
  }
  const olderThan = jobs === undefined ? undefined : await store.findOldestKept(jobs);
  if (olderThan !== undefined) {
    for (const state of countedStates) {
      yield* removeJobs(store, (startingAfter) => ({ state, olderThan, startingAfter }));
    }
  }
  yield* removeRemains(store);
  while (await store.removeTelemetry()) yield;
  if (artifactsMs !== undefined) {
    yield* removeArtifacts(storage, clock() - artifactsMs);
  }
}

async function* removeJobs(
  store: RetentionStore,
  stepAfter: (startingAfter: JobId | undefined) => JobRemoval,
): AsyncGenerator<Step, void, void> {
  let place: JobId | undefined;
  do {
    const { removed, next } = await store.removeJobs(stepAfter(place));
    place = next;
    yield { kind: "jobs", count: removed };
  } while (place !== undefined);
}

async function* removeRemains(store: RetentionStore): AsyncGenerator<Step, void, void> {
  while (await store.removeRemains()) yield;
}

async function* removeArtifacts(
  storage: RetentionDeps["storage"],
  unusedSinceMs: number,
): AsyncGenerator<Step, void, void> {
  const store = storage.store.retention;
  let startingAfter: Awaited<ReturnType<RetentionStore["beginArtifactRemoval"]>>;
  do {
    startingAfter = await store.beginArtifactRemoval({ unusedSinceMs, startingAfter });
    yield;
    yield* endArtifactRemovals(storage);
  } while (startingAfter !== undefined);
}

/** The record goes last: until then it says whose bytes are to be removed. */
async function* endArtifactRemovals({
  store: { retention },
  blobs,
}: RetentionDeps["storage"]): AsyncGenerator<Step, void, void> {
  for (;;) {
    const artifacts = await retention.listArtifactsInRemoval(artifactsAtOnce);
    for (const { id, archiveSha256 } of artifacts) {
      await blobs.remove(archiveSha256);
      await retention.endArtifactRemoval(id);
      yield { kind: "artifacts", count: 1 };
    }
    if (artifacts.length < artifactsAtOnce) return;
  }
}
