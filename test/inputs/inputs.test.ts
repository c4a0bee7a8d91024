import assert from "node:assert/strict";
import { resolve } from "node:path";
import { describe, it } from "node:test";
import { ReleaseError } from "../../src/errors.ts";
import { readActionInputs, readRunnerContext } from "../../src/inputs/inputs.ts";
import { errorOf } from "../support/errors.ts";

const runner = {
  GITHUB_WORKSPACE: resolve("/checkout"),
  GITHUB_EVENT_NAME: "push",
  GITHUB_REF: "refs/heads/main",
};
const key = { "INPUT_API-KEY": "tbx-api-secret" };

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readActionInputs({ ...runner, ...env });
  } catch (error) {
    assert(error instanceof ReleaseError);
    return error.problems.length > 0 ? error.problems.map(({ message }) => message) : [error.code];
  }
  return [];
}

describe("whether a run publishes", () => {
  const decide = (env: Record<string, string>) => readActionInputs({ ...runner, ...env }).plan.publish;

  it("publishes a push when there is a key, and says why", () => {
    const publish = decide(key);
    assert.equal(publish.kind, "publish");
    assert.equal(publish.why, "the event is push on refs/heads/main and there is an API key");
  });

  it("takes address and key from the variables of the official SDK", () => {
    const publish = decide({ TILEBOX_API_KEY: "k", TILEBOX_API_URL: "https://api.example.com" });
    assert(publish.kind === "publish");
    assert.deepEqual(publish.api, { url: "https://api.example.com", apiKey: "k" });
  });

  it("prefers the inputs to the variables", () => {
    const publish = decide({
      ...key,
      TILEBOX_API_KEY: "other",
      "INPUT_API-URL": "https://a.example",
      TILEBOX_API_URL: "https://b.example",
    });
    assert(publish.kind === "publish");
    assert.deepEqual(publish.api, { url: "https://a.example", apiKey: "tbx-api-secret" });
  });

  it("only compares the clusters where that is asked for, and needs a key for it", () => {
    const check = decide({ ...key, INPUT_PUBLISH: "check", GITHUB_EVENT_NAME: "schedule" });
    assert(check.kind === "check");
    assert.equal(check.api.apiKey, "tbx-api-secret");
    assert.throws(() => decide({ INPUT_PUBLISH: "check" }), errorOf("api-key-missing", /publish: check/));
    assert.match(
      problemsOf({ ...key, INPUT_PUBLISH: "check", INPUT_RELEASE: "previous" })[0] ?? "",
      /only compares because publish: check/,
    );
  });

  it("only builds without a key", () => {
    assert.deepEqual(decide({}), { kind: "build-only", why: "there is no API key" });
  });

  for (const event of [
    "pull_request",
    "pull_request_target",
    "merge_group",
    "workflow_run",
    "issue_comment",
  ]) {
    it(`only builds on ${event}, whatever the secrets; with a key it may look at the clusters`, () => {
      const why = `the event is ${event}`;
      assert.deepEqual(decide({ GITHUB_EVENT_NAME: event }), { kind: "build-only", why });
      const { looksAt, ...rest } = { looksAt: undefined, ...decide({ ...key, GITHUB_EVENT_NAME: event }) };
      assert.deepEqual(rest, { kind: "build-only", why });
      assert.equal(looksAt?.apiKey, "tbx-api-secret");
    });
  }

  it("follows an explicit publish", () => {
    assert.equal(
      decide({ ...key, INPUT_PUBLISH: "true", GITHUB_EVENT_NAME: "pull_request" }).kind,
      "publish",
    );
    assert.equal(decide({ ...key, INPUT_PUBLISH: "false" }).kind, "build-only");
    assert.deepEqual(problemsOf({ INPUT_PUBLISH: "true" }), ["api-key-missing"]);
  });
});

describe("cluster inputs", () => {
  const clusters = (value: string) =>
    readActionInputs({ ...runner, "INPUT_DEV-CLUSTER": value }).plan.clusters.dev;

  it("split at commas and newlines, and name targets", () => {
    assert.deepEqual(clusters("dev-1, dev-2\ntarget:staging"), [
      { kind: "slug", slug: "dev-1" },
      { kind: "slug", slug: "dev-2" },
      { kind: "target", name: "staging" },
    ]);
    assert.deepEqual(clusters("  "), []);
  });

  it("report every empty or malformed entry together", () => {
    assert.deepEqual(problemsOf({ "INPUT_DEV-CLUSTER": "a,,b", "INPUT_PRODUCTION-CLUSTER": "not a slug" }), [
      "dev-cluster: entry 2 is empty",
      'production-cluster: entry 1, "not a slug", is not a cluster slug',
    ]);
  });
});

describe("other inputs", () => {
  it("are checked all together", () => {
    assert.deepEqual(
      problemsOf({
        INPUT_PUBLISH: "yes",
        "INPUT_CREATE-WORKFLOW": "1",
        "INPUT_TIMEOUT-MINUTES": "0",
        INPUT_PROJECT: "../other",
      }),
      [
        "project: ../other leaves the workspace",
        'create-workflow: "1" is not a boolean',
        'timeout-minutes: "0" is not a number of minutes',
        'publish: "yes" is not a choice',
      ],
    );
  });

  it("that do not exist get a warning with the nearest name", () => {
    const { warnings } = readActionInputs({ ...runner, "INPUT_DEV-CLUTSER": "x", INPUT_UNHEARD: "y" });
    assert.deepEqual(warnings, [
      "There is no input dev-clutser; did you mean dev-cluster?",
      "There is no input unheard",
    ]);
  });

  it("name projects, one a line, in the workspace, and the timeout in milliseconds", () => {
    const inputs = readActionInputs({
      ...runner,
      INPUT_PROJECT: "flows/a\n  flows/{b,c}\n\n",
      "INPUT_TIMEOUT-MINUTES": "0.5",
    });
    assert.deepEqual(inputs.projects, ["flows/a", "flows/{b,c}"]);
    assert.equal(inputs.workspace, resolve("/checkout"));
    assert.equal(inputs.timeoutMs, 30_000);
    assert.deepEqual(problemsOf({ INPUT_PROJECT: "flows\n../other" }), [
      "project: ../other leaves the workspace",
    ]);
  });

  it("say whether the cache may be asked: not for releases, nor for others' code with our rights", () => {
    const cacheOf = (env: Record<string, string>) => readActionInputs({ ...runner, ...env }).cache;
    assert.deepEqual(cacheOf({}), { kind: "on", apiKey: undefined });
    assert.deepEqual(cacheOf(key), { kind: "on", apiKey: "tbx-api-secret" });
    const tag = { GITHUB_REF: "refs/tags/v1" };
    assert.deepEqual(cacheOf(tag), { kind: "off", miss: { kind: "event", event: "tag push" } });
    for (const event of ["release", "pull_request_target", "workflow_run"]) {
      assert.deepEqual(cacheOf({ GITHUB_EVENT_NAME: event }), {
        kind: "off",
        miss: { kind: "event", event },
      });
    }
    assert.equal(cacheOf({ ...tag, INPUT_CACHE: "true" }).kind, "on");
    assert.deepEqual(cacheOf({ INPUT_CACHE: "false" }), { kind: "off", miss: { kind: "switched-off" } });
    assert.deepEqual(problemsOf({ INPUT_CACHE: "yes" }), ['cache: "yes" is not a choice']);
  });

  it("demand an existing release only of a run that deploys", () => {
    const existing = { INPUT_RELEASE: "existing" };
    const { publish } = readActionInputs({ ...runner, ...key, ...existing }).plan;
    assert(publish.kind === "publish");
    assert.deepEqual(publish.release, { kind: "existing" });
    assert.match(problemsOf(existing)[0] ?? "", /only builds because there is no API key/);
    assert.deepEqual(problemsOf({ ...key, INPUT_RELEASE: "new" }), ['release: "new" is not a choice']);
  });

  it("name a release, or the previous one", () => {
    const releaseOf = (value: string) => {
      const { publish } = readActionInputs({ ...runner, ...key, INPUT_RELEASE: value }).plan;
      return publish.kind === "publish" ? publish.release : undefined;
    };
    const id = "019acba6-f5fa-7e90-8106-aaaaaaaaaaaa";
    assert.deepEqual(releaseOf(id.toUpperCase()), { kind: "id", id });
    assert.deepEqual(releaseOf("previous"), { kind: "previous" });
    assert.deepEqual(releaseOf(""), { kind: "auto" });
    assert.match(
      problemsOf({ INPUT_RELEASE: id })[0] ?? "",
      /^release: 019acba6-\S+ is for a run that deploys/,
    );
  });
});

it("the README's address is that of the action's own repository", () => {
  const context = readRunnerContext({
    RUNNER_TEMP: "/t",
    GITHUB_SERVER_URL: "https://ghe.example",
    GITHUB_ACTION_REPOSITORY: "a/b",
  });
  assert.deepEqual(context, { temporaryFolder: "/t", helpUrl: "https://ghe.example/a/b" });
  assert.equal(readRunnerContext({ RUNNER_TEMP: "/t" }).helpUrl, undefined);
});
