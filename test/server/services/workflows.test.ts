import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { refused } from "./refused.ts";
import { publishRequestOf, serveWorkflows, unknownId } from "./workflows-under-test.ts";

describe("clusters", () => {
  test("the default cluster answers to the empty slug and cannot be deleted", async () => {
    await using under = await serveWorkflows();
    const { client } = under;
    const cluster = await client.getCluster({ clusterSlug: "" });
    assert.equal(cluster.displayName, "Default");
    assert.equal(cluster.deletable, false);
    const protectedCluster = refused(Code.InvalidArgument, /default cluster/);
    await assert.rejects(client.deleteCluster({ clusterSlug: cluster.slug }), protectedCluster);
    await assert.rejects(
      client.deleteCluster({ clusterSlug: "" }),
      refused(Code.InvalidArgument, /cluster_slug/),
    );
    await assert.rejects(client.updateCluster({ clusterSlug: "" }), refused(Code.InvalidArgument));
  });

  test("a slug is made from the name, or taken as it is", async () => {
    await using under = await serveWorkflows();
    const { client } = under;
    const named = await client.createCluster({ name: "Dev Cluster", description: "for trying" });
    assert.match(named.slug, /^dev-cluster-[1-9A-Za-z]{14}$/);
    assert.equal(named.deletable, true);
    const chosen = await client.createCluster({ name: "Dev Cluster", slug: "DEV-1" });
    assert.equal(chosen.slug, "DEV-1");
    const taken = client.createCluster({ name: "Other", slug: "DEV-1" });
    await assert.rejects(taken, refused(Code.AlreadyExists, /"DEV-1"/));
    const { clusters } = await client.listClusters({});
    assert.deepEqual(
      clusters.slice(1).map((cluster) => cluster.slug),
      [chosen.slug, named.slug],
    );
  });

  test("what an update leaves out stays; what it empties is cleared", async () => {
    await using under = await serveWorkflows();
    const { client } = under;
    const made = await client.createCluster({ name: "Dev", slug: "dev", description: "d" });
    assert.deepEqual(await client.updateCluster({ clusterSlug: "dev" }), made);
    const updated = await client.updateCluster({ clusterSlug: "dev", description: "", name: "Development" });
    assert.deepEqual([updated.displayName, updated.description], ["Development", ""]);
    const empty = client.updateCluster({ clusterSlug: "dev", name: "" });
    await assert.rejects(empty, refused(Code.InvalidArgument, /name/));
    await client.deleteCluster({ clusterSlug: "dev" });
    await assert.rejects(client.getCluster({ clusterSlug: "dev" }), refused(Code.NotFound, /"dev"/));
    await assert.rejects(client.deleteCluster({ clusterSlug: "dev" }), refused(Code.NotFound));
  });
});

describe("workflows", () => {
  test("are made, found, changed and deleted", async () => {
    await using under = await serveWorkflows();
    const { client } = under;
    const made = await client.createWorkflow({ name: "My greetings", summary: "s", description: "d" });
    assert.match(made.slug, /^my-greetings-[1-9A-Za-z]{14}$/);
    assert.deepEqual(await client.getWorkflow({ workflowSlug: made.slug }), made);
    const updated = await client.updateWorkflow({ workflowSlug: made.slug, summary: "" });
    assert.deepEqual([updated.name, updated.summary, updated.description], ["My greetings", "", "d"]);
    await client.deleteWorkflow({ workflowSlug: made.slug });
    await assert.rejects(client.getWorkflow({ workflowSlug: made.slug }), refused(Code.NotFound));
    assert.deepEqual((await client.listPublicWorkflows({})).workflows, []);
  });

  test("have their name as slug where it has a slug's form and is free", async () => {
    await using under = await serveWorkflows();
    const { client } = under;
    assert.equal((await client.createWorkflow({ name: "tiles" })).slug, "tiles");
    assert.match((await client.createWorkflow({ name: "tiles" })).slug, /^tiles-[1-9A-Za-z]{14}$/);
  });

  test("are listed whole without a page, and in pages with one", async () => {
    await using under = await serveWorkflows();
    const { client } = under;
    const slugs: string[] = [];
    for (const name of ["a", "b", "c"]) slugs.push((await client.createWorkflow({ name })).slug);
    const everything = await client.listWorkflows({});
    assert.deepEqual(
      everything.workflows.map((workflow) => workflow.slug),
      slugs,
    );
    assert.equal(everything.nextPage, undefined);
    const first = await client.listWorkflows({ page: { limit: 2n } });
    assert.equal(first.workflows.length, 2);
    assert.ok(first.nextPage);
    const second = await client.listWorkflows({ page: first.nextPage });
    assert.deepEqual(
      second.workflows.map((workflow) => workflow.slug),
      slugs.slice(2),
    );
    assert.equal(second.nextPage, undefined);
  });
});

describe("releases", () => {
  test("publish, deploy, replace, undeploy and unpublish, as each call's answer shows", async () => {
    await using under = await serveWorkflows();
    const { client, store } = under;
    const workflow = (await client.createWorkflow({ name: "Greetings" })).slug;
    await client.createCluster({ name: "dev", slug: "dev" });
    const request = await publishRequestOf(store, workflow, "1");
    const release = await client.publishWorkflowRelease(request);
    assert.equal(release.artifact?.id?.uuid.toString(), request.artifactId.uuid.toString());
    assert.equal(release.content?.fingerprint, request.content.fingerprint);
    assert.equal(release.content?.files[0]?.children[0]?.path, "src/tasks.py");
    assert.deepEqual(release.clusters, []);
    assert.ok(release.createdAt && timestampMs(release.createdAt) > 0);
    assert.deepEqual(await client.publishWorkflowRelease(request), release, "published once");

    const releaseId = release.id;
    const deployed = await client.deployWorkflowRelease({
      workflowSlug: workflow,
      releaseId,
      clusterSlugs: ["dev", ""],
    });
    assert.deepEqual(
      deployed.clusters.map((cluster) => cluster.deployedReleases.length),
      [1, 1],
    );
    assert.equal(deployed.release?.clusters.length, 2);
    const onDev = deployed.clusters[0]?.deployedReleases[0];
    assert.equal(onDev?.slug, workflow);
    assert.deepEqual(onDev?.releases, [deployed.release]);
    assert.deepEqual(await client.getCluster({ clusterSlug: "dev" }), deployed.clusters[0]);

    under.advanceMs(1);
    const next = await client.publishWorkflowRelease(await publishRequestOf(store, workflow, "2"));
    await client.deployWorkflowRelease({ workflowSlug: workflow, releaseId: next.id, clusterSlugs: ["dev"] });
    const found = await client.getWorkflow({ workflowSlug: workflow });
    assert.deepEqual(
      found.releases.map((listed) => listed.clusters.length),
      [1, 1],
      "newest first, each where it is",
    );
    assert.deepEqual(found.releases[0]?.id, next.id);

    const undeployed = await client.undeployWorkflowRelease({ workflowSlug: workflow, releaseId });
    assert.deepEqual(
      undeployed.clusters.map((cluster) => [cluster.displayName, cluster.deployedReleases.length]),
      [["Default", 0]],
      "an empty list is the default cluster",
    );
    await client.unpublishWorkflowRelease({ workflowSlug: workflow, releaseId });
    const inUse = client.unpublishWorkflowRelease({ workflowSlug: workflow, releaseId: next.id });
    await assert.rejects(inUse, refused(Code.InvalidArgument, /deployed/));
    const actors = (await store.releases.listHistory({ limit: 100 })).map((entry) => entry.actor);
    assert.deepEqual(new Set(actors), new Set(["ci"]), "the history has the caller's name");
  });

  test("two publishes of the same content that race make one release", async () => {
    await using under = await serveWorkflows();
    const workflow = (await under.client.createWorkflow({ name: "Greetings" })).slug;
    const request = await publishRequestOf(under.store, workflow, "1");
    const releases = await Promise.all(
      Array.from({ length: 16 }, () => under.client.publishWorkflowRelease(request)),
    );
    assert.equal(new Set(releases.map((release) => release.id?.uuid.toString())).size, 1);
    assert.equal((await under.client.getWorkflow({ workflowSlug: workflow })).releases.length, 1);
  });

  test("what is missing is NOT_FOUND, and says what", async () => {
    await using under = await serveWorkflows();
    const { client, store } = under;
    const workflowSlug = (await client.createWorkflow({ name: "Greetings" })).slug;
    const request = await publishRequestOf(store, workflowSlug, "1");
    const { id } = await client.publishWorkflowRelease(request);
    const missing = (message: RegExp) => refused(Code.NotFound, message);
    await assert.rejects(
      client.publishWorkflowRelease({ ...request, workflowSlug: "none" }),
      missing(/workflow "none"/),
    );
    await assert.rejects(
      client.publishWorkflowRelease({ ...request, artifactId: unknownId }),
      missing(/artifact/),
    );
    await assert.rejects(
      client.deployWorkflowRelease({ workflowSlug, releaseId: unknownId }),
      missing(/release/),
    );
    await assert.rejects(
      client.unpublishWorkflowRelease({ workflowSlug, releaseId: unknownId }),
      missing(/release/),
    );
    await assert.rejects(
      client.deployWorkflowRelease({ workflowSlug, releaseId: id, clusterSlugs: ["", "dev", "prod"] }),
      missing(/clusters "dev", "prod"/),
    );
    assert.deepEqual((await client.getCluster({})).deployedReleases, [], "all named clusters or none");
  });
});
