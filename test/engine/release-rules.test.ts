import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseId, type ReleaseId } from "../../src/engine/id.ts";
import type { ClusterRef, FileTree, ReleaseContent } from "../../src/engine/release.ts";
import {
  chooseClusters,
  clusterDeletability,
  planDeploy,
  planUndeploy,
  sameContent,
} from "../../src/engine/release-rules.ts";
import { parseSlug, type Slug } from "../../src/engine/slug.ts";

const slug = (text: string): Slug => parseSlug(text) ?? assert.fail(text);
const release = (digit: number): ReleaseId =>
  parseId<"release">(`00000000-0000-7000-8000-00000000000${digit}`) ?? assert.fail();
const [one, two] = [release(1), release(2)];
const cluster = (text: string) => ({
  slug: slug(text),
  displayName: text,
  description: "",
  isDefault: text === "default",
});
const existing = ["default", "dev", "prod"].map(cluster);
const named = (...slugs: string[]): ClusterRef[] => slugs.map((text) => ({ kind: "slug", slug: slug(text) }));

describe("choosing clusters", () => {
  const found = (refs: readonly ClusterRef[]) => {
    const chosen = chooseClusters(refs, existing);
    return chosen.kind === "found" ? chosen.clusters.map(({ slug }) => slug) : chosen;
  };

  test("an empty list is the default cluster", () => {
    assert.deepEqual(found([]), ["default"]);
  });
  test("each counts once, in the order named", () => {
    assert.deepEqual(found([...named("prod", "default", "dev"), { kind: "default" }, ...named("prod")]), [
      "prod",
      "default",
      "dev",
    ]);
  });
  test("every unknown slug is named, and then nothing is found", () => {
    assert.deepEqual(found(named("dev", "a", "b", "a")), { kind: "unknown", slugs: ["a", "b"] });
  });
});

describe("planning", () => {
  const now = [
    { cluster: slug("default"), release: undefined },
    { cluster: slug("dev"), release: one },
    { cluster: slug("prod"), release: two },
  ];
  test("a deploy replaces what is there and leaves what is already so", () => {
    assert.deepEqual(planDeploy(now, one), [
      { cluster: "default", before: undefined, after: one },
      { cluster: "prod", before: two, after: one },
    ]);
  });
  test("an undeploy takes away this release only", () => {
    assert.deepEqual(planUndeploy(now, one), [{ cluster: "dev", before: one, after: undefined }]);
    assert.deepEqual(planUndeploy(now, release(3)), []);
  });
});

test("a cluster can be deleted when it is not the default and nothing runs or waits there", () => {
  for (const hasDeployments of [false, true]) {
    for (const hasOpenJobs of [false, true]) {
      const facts = { hasDeployments, hasOpenJobs };
      const expected = hasDeployments || hasOpenJobs ? "cluster-in-use" : "deletable";
      assert.equal(clusterDeletability({ ...facts, isDefault: false }), expected);
      assert.equal(clusterDeletability({ ...facts, isDefault: true }), "cluster-protected");
    }
  }
});

describe("two release records say the same", () => {
  const content: ReleaseContent = {
    fingerprint: "f",
    tasks: [
      { name: "a", version: "v1.0" },
      { name: "b", version: "v1.0" },
    ],
    runnerObjectPath: "m:r",
    commandOverride: ["x", "y"],
  };
  const files: FileTree = [
    { path: "d", directory: true, children: [{ path: "d/f", directory: false, children: [] }] },
    { path: "f", directory: false, children: [] },
  ];
  const record = { content, files };
  const changed = (change: Partial<ReleaseContent>) => ({ content: { ...content, ...change }, files });

  test("whatever the order of tasks and files", () => {
    assert.ok(sameContent(record, { content, files: files.toReversed() }));
    assert.ok(sameContent(record, changed({ tasks: content.tasks.toReversed() })));
  });
  test("unless anything else differs", () => {
    assert.ok(!sameContent(record, changed({ tasks: content.tasks.slice(1) })));
    assert.ok(!sameContent(record, changed({ runnerObjectPath: "m:s" })));
    assert.ok(!sameContent(record, changed({ commandOverride: ["y", "x"] })), "arguments have an order");
    assert.ok(!sameContent(record, { content, files: files.slice(1) }));
    const moved: FileTree = [
      { path: "d", directory: true, children: [] },
      { path: "d/f", directory: false, children: [] },
      { path: "f", directory: false, children: [] },
    ];
    assert.ok(!sameContent(record, { content, files: moved }));
  });
});
