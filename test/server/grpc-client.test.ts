import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startControlPlane } from "../support/control-plane.ts";
import { pythonWithSdk } from "../support/python-sdk.ts";

const script = fileURLToPath(new URL("grpc_client.py", import.meta.url));

it("grpcio from PyPI calls the control plane and reads its standard error details", async () => {
  await using server = await startControlPlane();
  const key = await server.createKey("admin");
  const address = `127.0.0.1:${server.port}`;
  const { stdout } = await promisify(execFile)(await pythonWithSdk(), [script, address, key]);
  const seen = JSON.parse(stdout);
  const { message, ...invalid } = seen.invalid[1];
  assert.match(message, /^PublishWorkflowRelease cannot be carried out: .*artifact_id: must be set/);
  assert.deepEqual(
    { ...seen, invalid: [seen.invalid[0], invalid] },
    {
      compressed: true,
      created: 300,
      listed: 301,
      cancelled: true,
      missing: ["NOT_FOUND", 'There is no workflow "missing"'],
      not_ascii: ["INVALID_ARGUMENT", 'GetWorkflow cannot be carried out: workflow_slug: is no slug: "ü"'],
      invalid: [
        "INVALID_ARGUMENT",
        {
          code: 3,
          info: {
            reason: "request-invalid",
            domain: "workflow-release",
            metadata: {
              message: "PublishWorkflowRelease cannot be carried out",
              next: "Correct the fields named above.",
            },
          },
          fields: [
            ["workflow_slug", "must not be empty"],
            ["artifact_id", "must be set"],
            ["content", "must be set"],
          ],
        },
      ],
      large: "RESOURCE_EXHAUSTED",
      stranger: "UNAUTHENTICATED",
      unknown: "UNIMPLEMENTED",
    },
  );
  assert.deepEqual(server.failures, []);
});
