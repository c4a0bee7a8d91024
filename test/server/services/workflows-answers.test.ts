import assert from "node:assert/strict";
import { test } from "node:test";
import type { FileTree } from "../../../src/engine/release.ts";
import { AnswerWriter } from "../../../src/server/services/workflows-answers.ts";
import { addArtifact, addWorkflow, publishRequest } from "../../store/samples.ts";
import { openStoreUnderTest } from "../../store/sqlite/open-store.ts";

test("an answer carries file trees, newest release first, until its budget is spent", async () => {
  await using under = await openStoreUnderTest();
  const { store } = under;
  const workflow = await addWorkflow(store, "greetings");
  // About 3 MB each, as 30,000 files are.
  const files: FileTree = Array.from({ length: 30_000 }, (_, index) => ({
    path: `folder/${"x".repeat(50)}/${index}`,
    directory: false,
    children: [],
  }));
  for (const name of ["1", "2", "3"]) {
    under.advanceMs(1);
    const artifact = await addArtifact(store, name);
    await store.releases.publish({ ...publishRequest(workflow, artifact, name), files });
  }
  const found = await store.workflows.getWorkflow(workflow);
  const answer = await new AnswerWriter(store.releases).workflow(found);
  assert.deepEqual(
    answer.releases.map((release) => release.content?.files.length),
    [30_000, 30_000, 0],
  );
});
