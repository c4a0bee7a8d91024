import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { JobService } from "../../src/api/gen/workflows/v1/job_pb.ts";
import { StorageLocationService } from "../../src/api/gen/workflows/v1/storage_location_pb.ts";
import { TaskService } from "../../src/api/gen/workflows/v1/task_pb.ts";
import { TelemetryQueryService } from "../../src/api/gen/workflows/v1/telemetry_pb.ts";
import { WorkflowsService } from "../../src/api/gen/workflows/v1/workflows_pb.ts";
import { trustEveryone } from "../../src/server/auth.ts";
import { createRoutes } from "../../src/server/routes.ts";

describe("createRoutes", () => {
  const deps = { authenticate: trustEveryone("tester"), report: () => {} };

  it("answers unimplemented for what no service has", async () => {
    const transport = createRouterTransport(createRoutes({}, deps));
    for (const service of [WorkflowsService, TaskService, JobService, TelemetryQueryService]) {
      const client: Record<string, unknown> = createClient(service, transport);
      for (const { localName } of service.methods) {
        const call = client[localName] as (request: object) => Promise<unknown>;
        await assert.rejects(
          call({}),
          (error: unknown) => error instanceof ConnectError && error.code === Code.Unimplemented,
        );
      }
    }
  });

  it("has no storage locations, which is what a task may ask for", async () => {
    const client = createClient(StorageLocationService, createRouterTransport(createRoutes({}, deps)));
    assert.deepEqual((await client.listStorageLocations({})).locations, []);
  });
});
