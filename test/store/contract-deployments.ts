import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ReleaseId } from "../../src/engine/id.ts";
import type { Cluster } from "../../src/engine/release.ts";
import { errorOf } from "../support/errors.ts";
import type { OpenStore } from "./contract.ts";
import { addCluster, addWorkflow, cluster, defaultCluster, deployRequest, publish } from "./samples.ts";

const deployedOn = (state: Cluster): ReleaseId[] =>
  state.deployments.map((deployment) => deployment.release.id);

export function deploymentContract(open: OpenStore): void {
  describe("deploying", () => {
    test("answers with the release and the whole new state of the named clusters", async () => {
      await using under = await open();
      const { releases, clusters, workflows } = under.store;
      await addCluster(under.store, "dev");
      await addCluster(under.store, "prod");
      const workflow = await addWorkflow(under.store, "greetings");
      const other = await addWorkflow(under.store, "alerts");
      const release = await publish(under.store, workflow, "1");
      const otherRelease = await publish(under.store, other, "2");
      await releases.deploy(deployRequest(other, otherRelease, [cluster("dev")]));

      const request = deployRequest(workflow, release, [cluster("prod"), cluster("dev")]);
      const result = await releases.deploy(request);
      const [prod, dev] = result.clusters;
      assert.ok(prod && dev);
      assert.deepEqual([prod.slug, dev.slug], ["prod", "dev"]);
      assert.deepEqual(deployedOn(prod), [release]);
      assert.deepEqual(deployedOn(dev), [otherRelease, release], "by workflow slug");
      assert.deepEqual(
        result.release.clusters.map((cluster) => cluster.slug),
        ["dev", "prod"],
      );
      assert.equal(prod.deployments[0]?.deployedBy, "ci");
      assert.equal(prod.deployments[0]?.deployedAtMs, under.clock());
      assert.deepEqual(prod.deployments[0]?.release, result.release);
      assert.deepEqual(await clusters.getCluster(cluster("prod")), prod);
      assert.deepEqual((await workflows.getWorkflow(workflow)).releases, [result.release]);
    });

    test("replaces this workflow's release there and no other's", async () => {
      await using under = await open();
      const { releases } = under.store;
      await addCluster(under.store, "dev");
      const workflow = await addWorkflow(under.store, "greetings");
      const other = await addWorkflow(under.store, "alerts");
      const first = await publish(under.store, workflow, "1");
      const second = await publish(under.store, workflow, "2");
      const otherRelease = await publish(under.store, other, "1");
      await releases.deploy(deployRequest(other, otherRelease, [cluster("dev")]));
      await releases.deploy(deployRequest(workflow, first, [cluster("dev"), defaultCluster]));
      const result = await releases.deploy(deployRequest(workflow, second, [cluster("dev")]));
      assert.deepEqual(result.clusters.map(deployedOn), [[otherRelease, second]]);
      assert.deepEqual(result.changes, [{ cluster: "dev", before: first, after: second }]);
      const untouched = await under.store.clusters.getCluster(defaultCluster);
      assert.deepEqual(deployedOn(untouched), [first]);
    });

    test("an empty list is the default cluster, and a cluster counts once", async () => {
      await using under = await open();
      const { releases } = under.store;
      const workflow = await addWorkflow(under.store, "greetings");
      const release = await publish(under.store, workflow, "1");
      const { clusters, changes } = await releases.deploy(deployRequest(workflow, release, []));
      assert.deepEqual(
        clusters.map((cluster) => cluster.isDefault),
        [true],
      );
      assert.equal(changes.length, 1);
      const slug = clusters[0]?.slug;
      assert.ok(slug);
      const twice = await releases.undeploy(
        deployRequest(workflow, release, [defaultCluster, { kind: "slug", slug }, defaultCluster]),
      );
      assert.equal(twice.clusters.length, 1);
      assert.equal(twice.changes.length, 1);
    });

    test("one unknown cluster and nothing happens; all unknown ones are named", async () => {
      await using under = await open();
      const { releases, clusters } = under.store;
      await addCluster(under.store, "dev");
      const workflow = await addWorkflow(under.store, "greetings");
      const release = await publish(under.store, workflow, "1");
      const request = deployRequest(workflow, release, [cluster("dev"), cluster("staging"), cluster("prod")]);
      const missing = errorOf("cluster-not-found", /"staging".*"prod"/);
      await assert.rejects(releases.deploy(request), missing);
      await assert.rejects(releases.undeploy(request), missing);
      const dev = await clusters.getCluster(cluster("dev"));
      assert.deepEqual([dev.deployments, dev.revision], [[], 0]);
      assert.equal((await releases.listHistory({ limit: 10 })).length, 1, "the publish");
    });

    test("what is already so is a success without a trace", async () => {
      await using under = await open();
      const { releases } = under.store;
      await addCluster(under.store, "dev");
      const workflow = await addWorkflow(under.store, "greetings");
      const release = await publish(under.store, workflow, "1");
      const request = deployRequest(workflow, release, [cluster("dev")]);
      const first = await releases.deploy(request);
      under.advanceMs(60_000);
      const second = await releases.deploy({ ...request, actor: "someone else" });
      assert.deepEqual(second, { ...first, changes: [] });
      await releases.undeploy(request);
      const third = await releases.undeploy(request);
      assert.deepEqual(third.changes, []);
      assert.deepEqual(third.clusters.map(deployedOn), [[]]);
      assert.equal((await releases.listHistory({ limit: 10 })).length, 3);
    });
  });

  describe("undeploying", () => {
    test("leaves a cluster alone that has another release of the workflow", async () => {
      await using under = await open();
      const { releases } = under.store;
      await addCluster(under.store, "dev");
      const workflow = await addWorkflow(under.store, "greetings");
      const first = await publish(under.store, workflow, "1");
      const second = await publish(under.store, workflow, "2");
      await releases.deploy(deployRequest(workflow, second, [cluster("dev")]));
      await releases.deploy(deployRequest(workflow, first, []));
      const result = await releases.undeploy(
        deployRequest(workflow, first, [cluster("dev"), defaultCluster]),
      );
      assert.deepEqual(result.clusters.map(deployedOn), [[second], []]);
      assert.equal(result.changes.length, 1);
      assert.deepEqual(result.release.clusters, []);
    });
  });

  describe("who waits for a change of deployments", () => {
    test("is told after it is durable, once per changed cluster, with the cluster's revision", async () => {
      await using under = await open();
      const { releases, clusters } = under.store;
      await addCluster(under.store, "dev");
      await addCluster(under.store, "prod");
      const workflow = await addWorkflow(under.store, "greetings");
      const release = await publish(under.store, workflow, "1");
      const heard: [string, number][] = [];
      const read: Promise<Cluster>[] = [];
      const stop = clusters.onDeploymentChange(({ cluster: slug, revision }) => {
        heard.push([slug, revision]);
        read.push(clusters.getCluster({ kind: "slug", slug }));
      });
      await releases.deploy(deployRequest(workflow, release, [cluster("dev")]));
      await releases.deploy(deployRequest(workflow, release, [cluster("dev"), cluster("prod")]));
      await releases.undeploy(deployRequest(workflow, release, [cluster("dev")]));
      assert.deepEqual(heard, [
        ["dev", 1],
        ["prod", 1],
        ["dev", 2],
      ]);
      assert.deepEqual((await Promise.all(read)).map(deployedOn), [[release], [release], []]);
      stop();
      await releases.undeploy(deployRequest(workflow, release, [cluster("prod")]));
      assert.equal(heard.length, 3);
    });
  });

  describe("history", () => {
    test("tells who did what when, newest first, and outlives what it speaks of", async () => {
      await using under = await open();
      const { releases, workflows, clusters } = under.store;
      const dev = await addCluster(under.store, "dev");
      const workflow = await addWorkflow(under.store, "greetings");
      const startMs = under.clock();
      const first = await publish(under.store, workflow, "1");
      under.advanceMs(10);
      const second = await publish(under.store, workflow, "2");
      await releases.deploy({ ...deployRequest(workflow, first, [cluster("dev")]), actor: "anna" });
      under.advanceMs(10);
      await releases.deploy({ ...deployRequest(workflow, second, [cluster("dev"), defaultCluster]) });
      await releases.undeploy(deployRequest(workflow, second, [cluster("dev"), defaultCluster]));
      await clusters.deleteCluster(dev);
      under.advanceMs(10);
      await workflows.deleteWorkflow({ workflow, actor: "ops" });

      const entries = await releases.listHistory({ limit: 100 });
      const told = entries
        .toReversed()
        .map((entry) => [
          entry.atMs - startMs,
          entry.actor,
          entry.kind,
          ...("before" in entry ? [entry.cluster.slice(0, 7), entry.before, entry.after] : [entry.release]),
        ]);
      assert.deepEqual(told, [
        [0, "ci", "publish", first],
        [10, "ci", "publish", second],
        [10, "anna", "deploy", "dev", undefined, first],
        [20, "ci", "deploy", "dev", first, second],
        [20, "ci", "deploy", "default", undefined, second],
        [20, "ci", "undeploy", "dev", second, undefined],
        [20, "ci", "undeploy", "default", second, undefined],
        [30, "ops", "unpublish", first],
        [30, "ops", "unpublish", second],
      ]);
      const ofDev = await releases.listHistory({ workflow, cluster: dev, limit: 2 });
      assert.deepEqual(
        ofDev.map((entry) => entry.kind),
        ["undeploy", "deploy"],
      );
      const older = await releases.listHistory({ cluster: dev, before: ofDev.at(-1)?.sequence, limit: 9 });
      assert.deepEqual(
        older.map((entry) => entry.actor),
        ["anna"],
      );
    });
  });
}
