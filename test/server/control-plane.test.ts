import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { verifyArchive } from "../../src/artifact/verify.ts";
import { openControlPlane } from "../../src/server/control-plane.ts";
import { packOneFile } from "../support/archives.ts";
import { errorOf } from "../support/errors.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";

function open(dataFolder: string) {
  return openControlPlane({
    dataFolder,
    clock: Date.now,
    random: randomBytes,
    verify: verifyArchive,
    report: ({ error }) => assert.fail(String(error)),
  });
}

describe("a control plane", () => {
  it("finds everything again in its folder", async () => {
    await using folder = await createScratchFolder();
    const dataFolder = join(folder.path, "data");
    const archive = await packOneFile(folder, "print()");
    const first = await open(dataFolder);
    const api = await first.connect("me");
    const { slug } = await api.workflows.createWorkflow({ name: "Kept" });
    const { artifactId } = await api.uploadArtifact(archive);
    const content = {
      fingerprint: "f".repeat(64),
      tasks: [{ name: "task", version: "v1.0" }],
      files: [{ path: "main.py" }],
      runnerObjectPath: "main:runner",
    };
    const release = await api.workflows.publishWorkflowRelease({
      workflowSlug: slug,
      artifactId: { uuid: artifactId },
      content,
    });
    await first.close(0);
    await first.close(0);
    const second = await open(dataFolder);
    const again = await second.connect("me");
    const { releases } = await again.workflows.getWorkflow({ workflowSlug: slug });
    assert.deepEqual(
      releases.map(({ id, artifact }) => [id, artifact?.digest]),
      [[release.id, archive.digest]],
    );
    const { archive: stream } = await again.downloadArtifact(archive.digest, 1_000_000);
    assert.deepEqual(Buffer.concat(await stream.toArray()), archive.bytes);
    await second.close(0);
  });

  it("lets go of its folder when a part of it cannot be opened", async () => {
    await using folder = await createScratchFolder({ artifacts: "a file where a folder should be" });
    await assert.rejects(open(folder.path), errorOf("store-failed", /folder of artifacts/));
    await rm(join(folder.path, "artifacts"));
    await (await open(folder.path)).close(0);
  });

  it("keeps a second one out of its folder", async () => {
    await using folder = await createScratchFolder();
    const first = await open(folder.path);
    await assert.rejects(open(folder.path), errorOf("store-busy"));
    await first.close(0);
  });

  it("is ready while its store takes writes", async () => {
    await using folder = await createScratchFolder();
    const plane = await open(folder.path);
    const { addresses } = await plane.listen([{ kind: "tcp", host: "127.0.0.1", port: 0 }], "keys");
    const [address] = addresses;
    const url = `http://127.0.0.1:${address?.kind === "tcp" ? address.port : 0}`;
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
    await plane.store.close();
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
    const unready = await fetch(`${url}/readyz`);
    assert.deepEqual([unready.status, await unready.json()], [503, { status: "unavailable" }]);
    await plane.close(0);
    await assert.rejects(fetch(`${url}/healthz`));
  });
});
