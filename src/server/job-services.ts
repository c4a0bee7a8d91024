/** The RPC services for jobs, for any mount. */
import type { Clock, Random } from "../engine/id.ts";
import type { Store } from "../store/port.ts";
import type { Services } from "./routes.ts";
import type { ReportFailure } from "./rpc-errors.ts";
import type { RunnerState } from "./runner-state.ts";
import { createJobsService } from "./services/jobs.ts";
import { createRunnerService } from "./services/runner.ts";
import { createTasksService } from "./services/tasks.ts";
import { createTelemetryService } from "./services/telemetry.ts";

interface JobServicesDeps {
  readonly store: Pick<Store, "jobs" | "telemetry">;
  readonly clock: Clock;
  readonly random: Random;
  readonly runners: RunnerState;
  readonly report: ReportFailure;
}

export function createJobServices({ store, clock, random, runners, report }: JobServicesDeps) {
  const { jobs, telemetry } = store;
  return {
    tasks: createTasksService({ jobs, ...runners }),
    runner: createRunnerService({ jobs, report, ...runners }),
    jobs: createJobsService({ jobs, clock, random }),
    telemetry: createTelemetryService(telemetry),
  } satisfies Services;
}
