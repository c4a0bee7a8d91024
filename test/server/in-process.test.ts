import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { packOneFile } from "../support/archives.ts";
import { startControlPlane, type TestControlPlane } from "../support/control-plane.ts";
import { errorOf } from "../support/errors.ts";
import { createScratchFolder, type ScratchFolder } from "../support/scratch-folder.ts";

describe("the control plane within the process", () => {
  let server: TestControlPlane;
  let folder: ScratchFolder;
  before(async () => {
    server = await startControlPlane();
    folder = await createScratchFolder();
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
    assert.deepEqual(server.failures, []);
  });

  it("answers as it does over a socket, errors too", async () => {
    using inProcess = await server.plane.connect("rehearsal");
    using overSocket = await server.client();
    const { slug } = await inProcess.workflows.createWorkflow({ name: "Same" });
    const request = { workflowSlug: slug };
    assert.deepEqual(
      await inProcess.workflows.getWorkflow(request),
      await overSocket.workflows.getWorkflow(request),
    );
    const failures = await Promise.all(
      [inProcess, overSocket].map((api) =>
        api.workflows.publishWorkflowRelease({}).catch(({ code, message, problems, next }) => ({
          code,
          message,
          problems,
          next,
        })),
      ),
    );
    assert.deepEqual(failures[0], failures[1]);
  });

  it("takes and gives artifacts", async () => {
    using inProcess = await server.plane.connect("rehearsal");
    using overSocket = await server.client();
    const archive = await packOneFile(folder, "print()");
    assert.equal(await inProcess.findArtifact(archive.digest), undefined);
    const first = await inProcess.uploadArtifact(archive);
    const again = await overSocket.uploadArtifact(archive);
    assert.deepEqual([first.uploaded, again.uploaded], [true, false]);
    assert.deepEqual(first.artifactId, again.artifactId);
    for (const api of [inProcess, overSocket]) {
      const { archive: stream, ...described } = await api.downloadArtifact(archive.digest, 1_000_000);
      assert.deepEqual(described, await api.findArtifact(archive.digest));
      assert.deepEqual(Buffer.concat(await stream.toArray()), archive.bytes);
      await assert.rejects(api.downloadArtifact(archive.digest, 10), errorOf("artifact-too-large"));
      await assert.rejects(api.downloadArtifact("b".repeat(64), 10), errorOf("artifact-not-found"));
    }
  });

  it("refuses what is no archive of that digest", async () => {
    const archive = await packOneFile(folder, "print(1)");
    const lie = { ...archive, digest: "b".repeat(64) };
    using inProcess = await server.plane.connect("rehearsal");
    using overSocket = await server.client();
    for (const api of [inProcess, overSocket]) {
      await assert.rejects(api.uploadArtifact(lie), errorOf("artifact-mismatch"));
    }
  });
});
