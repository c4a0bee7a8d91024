import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  CreateClusterRequestSchema,
  CreateWorkflowRequestSchema,
  DeployWorkflowReleaseRequestSchema,
  ListWorkflowsRequestSchema,
  PublishWorkflowReleaseRequestSchema,
  type ReleaseContentSchema,
} from "../../../src/api/gen/workflows/v1/workflows_pb.ts";
import { ReleaseError } from "../../../src/errors.ts";
import * as check from "../../../src/server/services/workflows-requests.ts";
import { sha256 } from "../../store/samples.ts";
import { unknownId } from "./workflows-under-test.ts";

type Content = MessageInitShape<typeof ReleaseContentSchema>;

const content = {
  fingerprint: sha256("content"),
  tasks: [{ name: "greet", version: "v1.0" }],
  files: [{ path: "tasks.py" }],
  runnerObjectPath: "greetings:runner",
} satisfies Content;

const publish = (change: Content) =>
  check.checkPublish(
    create(PublishWorkflowReleaseRequestSchema, {
      workflowSlug: "greetings",
      artifactId: unknownId,
      content: { ...content, ...change },
    }),
    "ci",
  );

/** The fields that a check complains about. */
function problemsOf(run: () => unknown): string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ReleaseError && error.code === "request-invalid") {
      return error.problems.map((problem) => problem.file ?? problem.message);
    }
    throw error;
  }
  return [];
}

/** Folders inside each other, so many levels deep. */
function nested(depth: number): NonNullable<Content["files"]>[number] {
  return depth === 1 ? { path: "f" } : { path: "d", directory: true, children: [nested(depth - 1)] };
}

describe("a request's problems", () => {
  test("are all reported, under the names of the wire", () => {
    const request = create(PublishWorkflowReleaseRequestSchema, {
      workflowSlug: "not a slug",
      artifactId: { uuid: new Uint8Array(16) },
      content: {
        fingerprint: "ABC",
        tasks: [
          { name: "", version: "1" },
          { name: "a", version: "v1.0" },
          { name: "a", version: "v1.0" },
        ],
        files: [{ path: "", children: [{ path: "x" }] }],
      },
    });
    assert.deepEqual(
      problemsOf(() => check.checkPublish(request, "ci")),
      [
        "workflow_slug",
        "artifact_id",
        "content.fingerprint",
        "content",
        "content.tasks",
        "content.tasks",
        "content.tasks",
        "content.files[0].path",
        "content.files[0]",
      ],
    );
    const nothing = create(PublishWorkflowReleaseRequestSchema, {});
    assert.deepEqual(
      problemsOf(() => check.checkPublish(nothing, "ci")),
      ["workflow_slug", "artifact_id", "content"],
    );
  });

  test("end after twenty", () => {
    const tasks = Array.from({ length: 50 }, () => ({ name: "", version: "" }));
    const problems = problemsOf(() => publish({ tasks }));
    assert.equal(problems.length, 21);
    assert.match(problems.at(-1) ?? "", /more problems/);
  });
});

describe("the limits of a release's content", () => {
  const task = (name: string, version = "v1.0") => ({ tasks: [{ name, version }] });
  const cases: readonly (readonly [name: string, fits: Content, tooMuch: Content, field: string])[] = [
    ["task name", task("x".repeat(256)), task("x".repeat(257)), "content.tasks[0]"],
    ["task name in bytes", task("é".repeat(128)), task("é".repeat(129)), "content.tasks[0]"],
    ["task name's characters", task("a b/ü"), task("a\nb"), "content.tasks"],
    ["task version", task("a", "v12.34"), task("a", "v1.0.0"), "content.tasks"],
    [
      "tasks",
      { tasks: Array.from({ length: 1000 }, (_, index) => ({ name: `t${index}`, version: "v0.0" })) },
      { tasks: [] },
      "content.tasks",
    ],
    [
      "command",
      { runnerObjectPath: "", commandOverride: ["python", "-m", "x"] },
      { commandOverride: Array.from({ length: 101 }, () => "x") },
      "content.command_override",
    ],
    [
      "folders",
      { files: [nested(64)] },
      { files: [nested(65)] },
      `content.files[0]${".children[0]".repeat(63)}.children`,
    ],
    [
      "files",
      { files: Array.from({ length: 50_000 }, (_, index) => ({ path: `f${index}` })) },
      { files: Array.from({ length: 50_001 }, (_, index) => ({ path: `f${index}` })) },
      "content.files",
    ],
    [
      "path",
      { files: [{ path: "x".repeat(4096) }] },
      { files: [{ path: "x".repeat(4097) }] },
      "content.files[0].path",
    ],
  ];
  for (const [name, fits, tooMuch, field] of cases) {
    test(name, () => {
      assert.deepEqual(
        problemsOf(() => publish(fits)),
        [],
      );
      assert.deepEqual(
        problemsOf(() => publish(tooMuch)),
        [field],
      );
    });
  }
});

describe("the limits of names, lists and pages", () => {
  const cluster = (fields: MessageInitShape<typeof CreateClusterRequestSchema>) =>
    problemsOf(() => check.checkCreateCluster(create(CreateClusterRequestSchema, fields)));

  test("characters are counted, not bytes or UTF-16 units", () => {
    assert.deepEqual(cluster({ name: "🛰".repeat(100) }), []);
    assert.deepEqual(cluster({ name: "🛰".repeat(101) }), ["name"]);
    assert.deepEqual(cluster({ name: "", description: "d".repeat(50_001), slug: "ä" }), [
      "slug",
      "name",
      "description",
    ]);
    const workflow = create(CreateWorkflowRequestSchema, {
      name: "w".repeat(257),
      summary: "s".repeat(1001),
    });
    assert.deepEqual(
      problemsOf(() => check.checkCreateWorkflow(workflow)),
      ["name", "summary"],
    );
  });

  test("a deploy names at most 100 clusters, each by a slug or as the default", () => {
    const deploy = (clusterSlugs: string[]) =>
      check.checkDeploy(
        "DeployWorkflowRelease",
        create(DeployWorkflowReleaseRequestSchema, { workflowSlug: "w", releaseId: unknownId, clusterSlugs }),
        "ci",
      );
    assert.deepEqual(deploy(["", "dev"]).clusters, [{ kind: "default" }, { kind: "slug", slug: "dev" }]);
    assert.deepEqual(
      problemsOf(() => deploy(["dev", "not/a/slug"])),
      ["cluster_slugs[1]"],
    );
    const many = Array.from({ length: 101 }, (_, index) => `c${index}`);
    assert.deepEqual(
      problemsOf(() => deploy(many)),
      ["cluster_slugs"],
    );
  });

  test("a page has at least one entry and at most a thousand", () => {
    const page = (limit: bigint) =>
      check.checkListWorkflows(create(ListWorkflowsRequestSchema, { page: { limit } }));
    assert.deepEqual(
      problemsOf(() => page(0n)),
      ["page.limit"],
    );
    assert.equal(page(2n ** 62n).limit, 1000);
    for (const request of [{}, { page: {} }]) {
      const checked = check.checkListWorkflows(create(ListWorkflowsRequestSchema, request));
      assert.deepEqual(checked, {});
    }
  });
});
