/** The RPC services for jobs, for any mount. */
import type { Clock, Random } from "../engine/id.ts";
import type { Store } from "../store/port.ts";
import type { Services } from "./routes.ts";
import type { RunnerState } from "./runner-state.ts";
import { createJobsService } from "./services/jobs.ts";
import { createTasksService } from "./services/tasks.ts";
import { createTelemetryService } from "./services/telemetry.ts";

interface JobServicesDeps {
  readonly store: Pick<Store, "jobs" | "telemetry">;
  readonly clock: Clock;
  readonly random: Random;
  readonly runners: RunnerState;
}

export function createJobServices({ store, clock, random, runners }: JobServicesDeps) {
  const { jobs, telemetry } = store;
  return {
    tasks: createTasksService({ jobs, ...runners }),
    jobs: createJobsService({ jobs, clock, random }),
    telemetry: createTelemetryService(telemetry),
  } satisfies Services;
}
