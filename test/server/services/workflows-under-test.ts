import { randomBytes } from "node:crypto";
import { type Client, createClient, createRouterTransport } from "@connectrpc/connect";
import type { ID } from "../../../src/api/gen/tilebox/v1/id_pb.ts";
import { WorkflowsService } from "../../../src/api/gen/workflows/v1/workflows_pb.ts";
import { idToBytes } from "../../../src/engine/id.ts";
import { trustEveryone } from "../../../src/server/auth.ts";
import { createRoutes } from "../../../src/server/routes.ts";
import { createWorkflowsService } from "../../../src/server/services/workflows.ts";
import type { Store } from "../../../src/store/port.ts";
import { addArtifact, sha256 } from "../../store/samples.ts";
import { openStoreUnderTest } from "../../store/sqlite/open-store.ts";

export interface WorkflowsUnderTest extends AsyncDisposable {
  readonly client: Client<typeof WorkflowsService>;
  readonly store: Store;
  advanceMs(ms: number): void;
}

/** The service over a real store, called through the whole handler chain, without a socket. */
export async function serveWorkflows(): Promise<WorkflowsUnderTest> {
  const { store, advanceMs, [Symbol.asyncDispose]: dispose } = await openStoreUnderTest();
  const workflows = createWorkflowsService({ store, random: randomBytes });
  const routes = createRoutes(
    { workflows },
    {
      authenticate: trustEveryone("ci"),
      report: ({ error }) => {
        throw error;
      },
    },
  );
  const transport = createRouterTransport(routes);
  return {
    client: createClient(WorkflowsService, transport),
    store,
    advanceMs,
    [Symbol.asyncDispose]: dispose,
  };
}

/** A request that publishes something new for every name. */
export async function publishRequestOf(store: Store, workflowSlug: string, name: string) {
  const artifact = await addArtifact(store, name);
  return {
    workflowSlug,
    artifactId: { uuid: idToBytes(artifact.id) },
    content: {
      fingerprint: sha256(`content ${name}`),
      tasks: [{ name: "greet", version: "v1.0" }],
      files: [
        { path: "src", directory: true, children: [{ path: "src/tasks.py" }] },
        { path: "pyproject.toml" },
      ],
      runnerObjectPath: "greetings:runner",
    },
  };
}

export const unknownId: Pick<ID, "uuid"> = {
  uuid: new Uint8Array([1, 2, 3, 4, 5, 6, 0x70, 8, 0x80, 10, 11, 12, 13, 14, 15, 16]),
};
