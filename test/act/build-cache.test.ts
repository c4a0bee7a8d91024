/** The build cache as a workflow meets it, with act in the place of the runner. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { runAct } from "../support/act.ts";
import { startCacheService } from "../support/cache-service.ts";
import { pullRequestEvent, tagEvent } from "../support/github-events.ts";
import { createScratchProject } from "../support/scratch-project.ts";

test("a pull request's second run takes the first one's build; a tag asks nobody; a silent service costs 5 s", async () => {
  await using service = await startCacheService();
  await using project = await createScratchProject("tiles", {
    "tilebox.workflow.toml": (text) => text.replace("[targets.development]", "[targets.dev]"),
  });
  const sha = await project.git("rev-parse", "HEAD");
  const workflow = await readFile(new URL("workflows/first-run.yml", import.meta.url), "utf8");
  const run = async (event = pullRequestEvent(sha, "feature"), text = workflow) => {
    const ran = await runAct({ repositoryFolder: project.folder, workflow: text, event, env: service.env });
    assert.equal(ran.exitCode, 0, ran.log);
    return ran;
  };
  const first = await run();
  assert.match(first.log, /Starting the worker/);
  assert.equal(service.entries.size, 1, first.log);
  const second = await run();
  assert.match(second.log, /reused: from the cache/);
  assert.doesNotMatch(second.log, /Starting the worker/);
  assert.equal(second.outputs.fingerprint, first.outputs.fingerprint);
  assert.equal(second.outputs.tasks, first.outputs.tasks);

  const calls = service.calls.length;
  const onTags = workflow.replace("branches: [main]", "tags: ['v*']");
  const tagged = await run(tagEvent(sha, "v1.0.0"), onTags);
  assert.match(tagged.log, /cache not read: tag push/);
  assert.equal(service.calls.length, calls);

  service.fault = "every call hangs";
  const alone = await run();
  assert.match(alone.log, /cache not read: it did not answer within 5 s/);
  assert.equal(alone.outputs.fingerprint, first.outputs.fingerprint);
});
