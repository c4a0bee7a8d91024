import { randomBytes } from "node:crypto";
import { type Client, createClient, createRouterTransport } from "@connectrpc/connect";
import { RunnerService } from "../../../src/api/gen/workflowrelease/v1/runner_pb.ts";
import { JobService } from "../../../src/api/gen/workflows/v1/job_pb.ts";
import { TaskService } from "../../../src/api/gen/workflows/v1/task_pb.ts";
import { TelemetryQueryService } from "../../../src/api/gen/workflows/v1/telemetry_pb.ts";
import { trustEveryone } from "../../../src/server/auth.ts";
import { createJobServices } from "../../../src/server/job-services.ts";
import { createRoutes } from "../../../src/server/routes.ts";
import { createRunnerState } from "../../../src/server/runner-state.ts";
import type { Store } from "../../../src/store/port.ts";
import { openStoreUnderTest } from "../../store/sqlite/open-store.ts";
import { ManualTimers } from "../../support/manual-timers.ts";

export interface JobsUnderTest extends AsyncDisposable {
  readonly jobs: Client<typeof JobService>;
  readonly tasks: Client<typeof TaskService>;
  readonly runner: Client<typeof RunnerService>;
  readonly telemetry: Client<typeof TelemetryQueryService>;
  readonly store: Store;
  readonly clock: () => number;
  advanceMs(ms: number): void;
}

/** The services over a real store, called through the whole handler chain, without a socket. */
export async function serveJobs(): Promise<JobsUnderTest> {
  const { store, clock, advanceMs, [Symbol.asyncDispose]: dispose } = await openStoreUnderTest();
  const report = ({ error }: { readonly error: unknown }) => {
    throw error;
  };
  const runners = createRunnerState({ store, clock, timers: new ManualTimers(), report });
  const services = createJobServices({ store, clock, random: randomBytes, runners, report });
  const routes = createRoutes(services, { authenticate: trustEveryone("ci"), report });
  const transport = createRouterTransport(routes);
  return {
    jobs: createClient(JobService, transport),
    tasks: createClient(TaskService, transport),
    runner: createClient(RunnerService, transport),
    telemetry: createClient(TelemetryQueryService, transport),
    store,
    clock,
    advanceMs,
    async [Symbol.asyncDispose]() {
      runners.close();
      await dispose();
    },
  };
}

/** A SubmitJob request: one task a name, in one group. */
export function submission(names: readonly string[], identifier = { name: "Task", version: "v1.0" }) {
  const column = <Value>(value: Value) => names.map(() => value);
  return {
    jobName: "job",
    traceParent: "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
    tasks: groupsOf(names, column(0n), identifier),
  };
}

/** TaskSubmissions with one group. */
export function groupsOf(
  names: readonly string[],
  maxRetriesValues: bigint[] = names.map(() => 0n),
  identifier = { name: "Task", version: "v1.0" },
) {
  const column = <Value>(value: Value) => names.map(() => value);
  return {
    taskGroups: [
      {
        inputs: names.map((name) => Buffer.from(name)),
        identifierPointers: column(0n),
        clusterSlugPointers: column(0n),
        displayPointers: names.map((_, index) => BigInt(index)),
        maxRetriesValues,
      },
    ],
    clusterSlugLookup: [""],
    identifierLookup: [identifier],
    displayLookup: [...names],
  };
}

export const anyTask = { clusterSlug: "", identifiers: [{ name: "Task", version: "v1.0" }] };
