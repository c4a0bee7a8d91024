import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ReleaseError } from "../../src/errors.ts";
import { readActionInputs } from "../../src/inputs/inputs.ts";
import { pullRequestEvent, pushEvent } from "../support/github-events.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";

const push = { GITHUB_EVENT_NAME: "push", GITHUB_REF: "refs/heads/main", "INPUT_API-KEY": "key" };
const allowOf = (env: Record<string, string>) => [...readActionInputs(env).plan.allow];

describe("what a run allows", () => {
  it("is a list, and nothing unless a person says so", () => {
    assert.deepEqual(allowOf(push), []);
    assert.deepEqual(allowOf({ ...push, INPUT_ALLOW: "breaking, older\nunproven" }), [
      ["breaking", "input"],
      ["older", "input"],
      ["unproven", "input"],
    ]);
  });

  it("is an error where a word is not known, with the nearest one", () => {
    assert.throws(
      () => readActionInputs({ ...push, INPUT_ALLOW: "braking, everything" }),
      (error) => {
        assert(error instanceof ReleaseError);
        const told = error.problems.map(({ message, hint }) => `${message}; ${hint}`);
        assert.deepEqual(told, [
          'allow: "braking" is not a choice; did you mean breaking?',
          'allow: "everything" is not a choice; breaking, older, unproven',
        ]);
        return true;
      },
    );
  });

  it("is also what a pull request's label says, for its check and for nothing else", async () => {
    await using folder = await createScratchFolder();
    const labelled = async (names: readonly unknown[], env: Record<string, string>) => {
      const { payload } = pullRequestEvent("a".repeat(40), "topic") as { payload: { pull_request?: object } };
      const labels = names.map((name) => ({ name }));
      const event = { ...payload, pull_request: { ...payload.pull_request, labels } };
      await folder.write({ "event.json": JSON.stringify(event) });
      const GITHUB_EVENT_PATH = join(folder.path, "event.json");
      return allowOf({ GITHUB_EVENT_NAME: "pull_request", GITHUB_EVENT_PATH, ...env });
    };
    assert.deepEqual(await labelled(["bug", "Allow: Breaking"], {}), [["breaking", "label"]]);
    assert.deepEqual(await labelled(["allow: breaking"], { INPUT_ALLOW: "breaking" }), [
      ["breaking", "input"],
    ]);
    assert.deepEqual(await labelled(["allow: older", "breaking", 7], {}), []);
    const publishing = { INPUT_PUBLISH: "true", "INPUT_API-KEY": "key" };
    assert.deepEqual(
      await labelled(["allow: breaking"], publishing),
      [],
      "a label never decides a deployment",
    );
    await folder.write({ "event.json": JSON.stringify(pushEvent("a".repeat(40)).payload) });
    assert.deepEqual(allowOf({ ...push, GITHUB_EVENT_PATH: join(folder.path, "event.json") }), []);
  });
});
