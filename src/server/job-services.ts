/** Everything that serves jobs: the RPC services, the requests they hold, and the watch over leases. */
import type { Clock, Random } from "../engine/id.ts";
import type { Store } from "../store/port.ts";
import { createLeaseWatch } from "./lease-watch.ts";
import type { Services } from "./routes.ts";
import type { ReportFailure } from "./rpc-errors.ts";
import { createRunnersSeen } from "./runners-seen.ts";
import { createJobsService } from "./services/jobs.ts";
import { createTasksService } from "./services/tasks.ts";
import { createTelemetryService } from "./services/telemetry.ts";
import type { Timers } from "./timers.ts";
import { createWaitingRunners } from "./waiting-runners.ts";

export interface JobServices {
  readonly services: Required<Pick<Services, "tasks" | "jobs" | "telemetry">>;
  /** Answers runners that wait and stops the timers. Call it before the listener closes. */
  close(): void;
}

interface JobServicesDeps {
  readonly store: Pick<Store, "jobs" | "telemetry">;
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  readonly report: ReportFailure;
}

export function createJobServices({ store, clock, random, timers, report }: JobServicesDeps): JobServices {
  const { jobs } = store;
  const waiting = createWaitingRunners({ jobs, monotonicMs: () => performance.now(), timers });
  const leases = createLeaseWatch({
    jobs,
    clock,
    timers,
    report: (error) => report({ what: "Taking back tasks whose lease ended", reference: "leases", error }),
  });
  const seen = createRunnersSeen(clock);
  return {
    services: {
      tasks: createTasksService({ jobs, waiting, leases, seen }),
      jobs: createJobsService({ jobs, clock, random }),
      telemetry: createTelemetryService(store.telemetry),
    },
    close() {
      waiting.close();
      leases.close();
    },
  };
}
