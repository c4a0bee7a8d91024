import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseId } from "../../src/engine/id.ts";
import { errorOf } from "../support/errors.ts";
import type { OpenStore } from "./contract.ts";
import {
  addArtifact,
  addWorkflow,
  content,
  defaultCluster,
  deployRequest,
  files,
  publish,
  publishRequest,
} from "./samples.ts";

const unknownRelease = parseId<"release">("01890000-0000-7000-8000-000000000001");

export function releaseContract(open: OpenStore): void {
  describe("publishing", () => {
    test("keeps what was published", async () => {
      await using under = await open();
      const workflow = await addWorkflow(under.store, "greetings");
      const artifact = await addArtifact(under.store, "1");
      const request = publishRequest(workflow, artifact, "1");
      const { release, created } = await under.store.releases.publish(request);
      assert.equal(created, true);
      assert.deepEqual(release, {
        id: release.id,
        artifact: { id: artifact.id, digest: artifact.digest },
        content: content("1"),
        fileTreeSizeBytes: JSON.stringify(files).length,
        createdAtMs: under.clock(),
        clusters: [],
      });
      assert.deepEqual(await under.store.releases.findFileTree(release.id), files);
      assert.deepEqual((await under.store.workflows.getWorkflow(workflow)).releases, [release]);
    });

    test("the same content and artifact is the same release, also when many arrive at once", async () => {
      await using under = await open();
      const workflow = await addWorkflow(under.store, "greetings");
      const artifact = await addArtifact(under.store, "1");
      const request = publishRequest(workflow, artifact, "1");
      const racing = await Promise.all(
        Array.from({ length: 20 }, () => under.store.releases.publish(request)),
      );
      assert.equal(racing.filter((published) => published.created).length, 1);
      assert.equal(new Set(racing.map((published) => published.release.id)).size, 1);
      const later = await under.store.releases.publish(request);
      assert.deepEqual(later, { release: racing[0]?.release, created: false });
      assert.equal((await under.store.releases.listHistory({ limit: 10 })).length, 1);
    });

    test("other content, another artifact or another workflow is another release, newest first", async () => {
      await using under = await open();
      const { releases, workflows } = under.store;
      const workflow = await addWorkflow(under.store, "greetings");
      const artifact = await addArtifact(under.store, "1");
      const other = await addArtifact(under.store, "2");
      const ids: string[] = [];
      for (const request of [
        publishRequest(workflow, artifact, "1"),
        publishRequest(workflow, artifact, "2"),
        publishRequest(workflow, other, "1"),
      ]) {
        under.advanceMs(5);
        ids.push((await releases.publish(request)).release.id);
      }
      assert.equal(new Set(ids).size, 3);
      const listed = (await workflows.getWorkflow(workflow)).releases.map((release) => release.id);
      assert.deepEqual(listed, ids.toReversed());
      const elsewhere = await addWorkflow(under.store, "elsewhere");
      assert.equal((await releases.publish(publishRequest(elsewhere, artifact, "1"))).created, true);
    });

    test("a fingerprint that is taken by other content of the artifact is refused", async () => {
      await using under = await open();
      const workflow = await addWorkflow(under.store, "greetings");
      const artifact = await addArtifact(under.store, "1");
      const request = publishRequest(workflow, artifact, "1");
      const { release } = await under.store.releases.publish(request);
      const lying = { ...request, content: { ...request.content, runnerObjectPath: "other:runner" } };
      await assert.rejects(under.store.releases.publish(lying), errorOf("request-invalid", /fingerprint/));
      const reordered = { ...request, files: files.toReversed() };
      assert.equal((await under.store.releases.publish(reordered)).release.id, release.id);
    });

    test("an unknown workflow or artifact is refused", async () => {
      await using under = await open();
      const workflow = await addWorkflow(under.store, "greetings");
      const artifact = await addArtifact(under.store, "1");
      const request = publishRequest(workflow, artifact, "1");
      const unknown = parseId<"artifact">("01890000-0000-7000-8000-000000000001");
      assert.ok(unknown);
      const { releases, workflows } = under.store;
      await assert.rejects(
        releases.publish({ ...request, artifact: unknown }),
        errorOf("artifact-not-found"),
      );
      await workflows.deleteWorkflow({ workflow, actor: "ci" });
      await assert.rejects(releases.publish(request), errorOf("workflow-not-found"));
    });
  });

  describe("unpublishing", () => {
    test("removes the release; publishing it again makes a new one", async () => {
      await using under = await open();
      const { releases, workflows } = under.store;
      const workflow = await addWorkflow(under.store, "greetings");
      const release = await publish(under.store, workflow, "1");
      await releases.unpublish({ workflow, release, actor: "ops" });
      assert.deepEqual((await workflows.getWorkflow(workflow)).releases, []);
      assert.equal(await releases.findFileTree(release), undefined);
      await assert.rejects(
        releases.unpublish({ workflow, release, actor: "ops" }),
        errorOf("release-not-found"),
      );
      assert.notEqual(await publish(under.store, workflow, "1"), release);
    });

    test("a deployed release, and the workflow that has it, stay", async () => {
      await using under = await open();
      const { releases, workflows } = under.store;
      const workflow = await addWorkflow(under.store, "greetings");
      const release = await publish(under.store, workflow, "1");
      await releases.deploy(deployRequest(workflow, release, [defaultCluster]));
      const deployed = errorOf("release-deployed", /default-/);
      await assert.rejects(releases.unpublish({ workflow, release, actor: "ops" }), deployed);
      await assert.rejects(workflows.deleteWorkflow({ workflow, actor: "ops" }), deployed);
    });

    test("a release of another workflow is unknown here", async () => {
      await using under = await open();
      const { releases } = under.store;
      const workflow = await addWorkflow(under.store, "greetings");
      const other = await addWorkflow(under.store, "other");
      const release = await publish(under.store, other, "1");
      assert.ok(unknownRelease);
      for (const id of [release, unknownRelease]) {
        const missing = errorOf("release-not-found", /"greetings"/);
        await assert.rejects(releases.unpublish({ workflow, release: id, actor: "ops" }), missing);
        await assert.rejects(releases.deploy(deployRequest(workflow, id, [])), missing);
        await assert.rejects(releases.undeploy(deployRequest(workflow, id, [])), missing);
      }
    });
  });
}
