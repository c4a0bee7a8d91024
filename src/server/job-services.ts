/** Everything that serves jobs: the RPC services, the requests they hold, and the watch over leases. */
import { JobService } from "../api/gen/workflows/v1/job_pb.ts";
import { TaskService } from "../api/gen/workflows/v1/task_pb.ts";
import type { Clock, Random } from "../engine/id.ts";
import type { Store } from "../store/port.ts";
import { type UnaryMethod, unaryMethod } from "./grpc-unary.ts";
import { createLeaseWatch } from "./lease-watch.ts";
import type { Services } from "./routes.ts";
import type { ReportFailure } from "./rpc-errors.ts";
import { createRunnersSeen, type RunnersSeen } from "./runners-seen.ts";
import { createJobsService, createSubmitJob } from "./services/jobs.ts";
import { createTaskCalls, createTasksService } from "./services/tasks.ts";
import { createTelemetryService } from "./services/telemetry.ts";
import type { Timers } from "./timers.ts";
import { createWaitingRunners } from "./waiting-runners.ts";

export interface JobServices {
  /** What runners, and programs that submit jobs, call all the time; `services` has these methods too. */
  readonly frequent: readonly UnaryMethod[];
  readonly services: Required<Pick<Services, "tasks" | "jobs" | "telemetry">>;
  /** Which runners asked lately. */
  readonly seen: RunnersSeen;
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
  const calls = createTaskCalls({ jobs, waiting, leases, seen });
  const submitJob = createSubmitJob(jobs);
  return {
    seen,
    frequent: [
      unaryMethod(JobService.method.submitJob, submitJob),
      unaryMethod(TaskService.method.nextTask, calls.nextTask),
      unaryMethod(TaskService.method.taskFailed, calls.taskFailed),
      unaryMethod(TaskService.method.extendTaskLease, calls.extendTaskLease),
    ],
    services: {
      tasks: createTasksService(calls),
      jobs: createJobsService({ jobs, clock, random, submitJob }),
      telemetry: createTelemetryService(store.telemetry),
    },
    close() {
      waiting.close();
      leases.close();
    },
  };
}
