/** What calls of runners share as long as a control plane runs, whatever protocol they come over. */
import type { Clock } from "../engine/id.ts";
import type { JobStore } from "../store/job-port.ts";
import type { RunnerStore } from "../store/runner-port.ts";
import { createTaskFigures, type TaskFigures } from "./figures.ts";
import { createLeaseWatch, type LeaseWatch } from "./lease-watch.ts";
import { createOfferNotes } from "./offer-notes.ts";
import type { ReportFailure } from "./rpc-errors.ts";
import { createRunnersSeen, type RunnersSeen } from "./runners-seen.ts";
import type { Timers } from "./timers.ts";
import { createWaitingRunners, type WaitingRunners } from "./waiting-runners.ts";

export interface RunnerState {
  readonly waiting: WaitingRunners;
  readonly leases: LeaseWatch;
  /** Which runners asked lately. */
  readonly seen: RunnersSeen;
  readonly figures: TaskFigures;
  /** Answers runners that wait and stops the timers. Call it before the listener closes. */
  close(): void;
}

interface RunnerStateDeps {
  readonly store: { readonly jobs: JobStore; readonly runners: Pick<RunnerStore, "noteOffers"> };
  readonly clock: Clock;
  readonly timers: Timers;
  readonly report: ReportFailure;
}

export function createRunnerState({ store, clock, timers, report }: RunnerStateDeps): RunnerState {
  const { jobs } = store;
  const waiting = createWaitingRunners({ jobs, monotonicMs: () => performance.now(), timers });
  const figures = createTaskFigures();
  const leases = createLeaseWatch({
    jobs,
    clock,
    timers,
    onExpired: (count) => {
      figures.leasesExpired += count;
    },
    report: (error) => report({ what: "Taking back tasks whose lease ended", reference: "leases", error }),
  });
  const seen = createRunnersSeen(clock, () => notes.changed());
  const notes = createOfferNotes({ offers: seen.offers, store: store.runners, timers, clock });
  return {
    waiting,
    leases,
    seen,
    figures,
    close() {
      waiting.close();
      leases.close();
      notes.close();
    },
  };
}
