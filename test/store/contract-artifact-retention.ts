import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ArtifactId } from "../../src/engine/id.ts";
import type { Store } from "../../src/store/port.ts";
import { errorOf } from "../support/errors.ts";
import type { OpenStore } from "./contract.ts";
import { addArtifact, addWorkflow, publish, publishRequest, sha256 } from "./samples.ts";

const dayMs = 86_400_000;
const limitMs = 7 * dayMs;

export function artifactRetentionContract(open: OpenStore): void {
  /** Begins what can begin; returns the digests that are being removed. */
  async function begin({ retention }: Store, unusedSinceMs: number): Promise<string[]> {
    let startingAfter: ArtifactId | undefined;
    do {
      startingAfter = await retention.beginArtifactRemoval({ unusedSinceMs, startingAfter });
    } while (startingAfter !== undefined);
    return (await retention.listArtifactsInRemoval(1_000)).map(({ digest }) => digest);
  }

  describe("retention of artifacts", () => {
    test("one that no release names goes when nobody has used it for long", async () => {
      await using under = await open();
      const { store } = under;
      const workflow = await addWorkflow(store, "tiles");
      const unused = await addArtifact(store, "unused");
      const asked = await addArtifact(store, "asked for");
      const again = await addArtifact(store, "uploaded again");
      await publish(store, workflow, "released");
      under.advanceMs(limitMs);
      assert.deepEqual(await store.artifacts.useArtifact(asked.digest), asked);
      assert.deepEqual(await addArtifact(store, "uploaded again"), again);
      under.advanceMs(1);
      assert.deepEqual(await begin(store, under.clock() - limitMs), [unused.digest]);
      assert.equal(await store.artifacts.findArtifact({ digest: unused.digest }), undefined);
      assert.equal(await store.artifacts.findArtifact({ id: unused.id }), undefined);
      await store.retention.endArtifactRemoval(unused.id);
      await store.retention.endArtifactRemoval(asked.id);
      assert.deepEqual(await begin(store, under.clock() - limitMs), []);
      assert.deepEqual(await store.artifacts.findArtifact({ id: asked.id }), asked);
      assert.equal(await under.countRows("artifacts"), 3);
    });

    test("one whose release was unpublished, or deleted with its workflow, was used until then", async () => {
      await using under = await open();
      const { store } = under;
      const workflow = await addWorkflow(store, "tiles");
      const other = await addWorkflow(store, "maps");
      const release = await publish(store, workflow, "unpublished");
      await publish(store, other, "deleted");
      under.advanceMs(limitMs * 2);
      await store.releases.unpublish({ workflow, release, actor: "ci" });
      await store.workflows.deleteWorkflow({ workflow: other, actor: "ci" });
      under.advanceMs(limitMs);
      assert.deepEqual(await begin(store, under.clock() - limitMs), []);
      under.advanceMs(1);
      const digests = [sha256("tar unpublished"), sha256("tar deleted")];
      assert.deepEqual((await begin(store, under.clock() - limitMs)).toSorted(), digests.toSorted());
    });

    test("while it is removed it can neither be published nor be relied on, and afterwards be added anew", async () => {
      await using under = await open();
      const { store } = under;
      const workflow = await addWorkflow(store, "tiles");
      const artifact = await addArtifact(store, "a");
      under.advanceMs(limitMs + 1);
      await begin(store, under.clock() - limitMs);
      const request = publishRequest(workflow, artifact, "a");
      await assert.rejects(store.releases.publish(request), errorOf("artifact-not-found"));
      await assert.rejects(store.artifacts.useArtifact(artifact.digest), errorOf("artifact-busy"));
      await assert.rejects(addArtifact(store, "a"), errorOf("artifact-busy"));
      await store.retention.endArtifactRemoval(artifact.id);
      assert.equal(await store.artifacts.useArtifact(artifact.digest), undefined);
      const anew = await addArtifact(store, "a");
      assert.notEqual(anew.id, artifact.id);
      await store.releases.publish(publishRequest(workflow, anew, "a"));
    });

    test("publishing and removing at the same moment end as if one had come first", async () => {
      await using under = await open();
      const { store } = under;
      const workflow = await addWorkflow(store, "tiles");
      const artifacts = await Promise.all(
        Array.from({ length: 20 }, (_, index) => addArtifact(store, `${index}`)),
      );
      under.advanceMs(limitMs + 1);
      const publishing = artifacts.map((artifact, index) =>
        store.releases.publish(publishRequest(workflow, artifact, `${index}`)).then(
          () => "published",
          (error) => (errorOf("artifact-not-found")(error) ? "refused" : assert.fail(String(error))),
        ),
      );
      const removing = begin(store, under.clock() - limitMs);
      const outcomes = await Promise.all(publishing);
      const gone = new Set(await removing);
      for (const [index, { digest }] of artifacts.entries()) {
        assert.equal(gone.has(digest), outcomes[index] === "refused", `artifact ${index}`);
      }
    });
  });
}
