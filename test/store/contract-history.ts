import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Provenance } from "../../src/engine/provenance.ts";
import { errorOf } from "../support/errors.ts";
import type { OpenStore } from "./contract.ts";
import {
  addCluster,
  addWorkflow,
  cluster,
  defaultCluster,
  deployRequest,
  publish,
  publishRequest,
  slug,
} from "./samples.ts";

const provenance: Provenance = {
  repository: "acme/tiles",
  commit: "c".repeat(40),
  ref: "refs/heads/grün",
  run: { id: 7, attempt: 2, url: "https://github.com/acme/tiles/actions/runs/7" },
  actor: "anna",
  reason: "deploy",
};
const gate = {
  kind: "smoke",
  outcome: "failed",
  reason: "task-failed",
  message: "1 failed",
  tookMs: 12,
} as const;

export function historyContract(open: OpenStore): void {
  describe("the history", () => {
    test("keeps what each change says of its run, and the gates, over a restart", async () => {
      await using under = await open();
      const dev = await addCluster(under.store, "dev");
      const workflow = await addWorkflow(under.store, "greetings");
      const artifact = await under.store.artifacts.addArtifact({
        ...{ digest: "d".repeat(64), tarSizeBytes: 1, fileCount: 1 },
        ...{ archiveSha256: "e".repeat(64), archiveSizeBytes: 1 },
      });
      const { releases } = under.store;
      const { release } = await releases.publish({ ...publishRequest(workflow, artifact, "1"), provenance });
      const request = deployRequest(workflow, release.id, [cluster("dev")]);
      await releases.deploy({ ...request, provenance });
      under.advanceMs(5);
      await releases.recordGate({
        ...{ workflow, release: release.id, cluster: cluster("dev"), gate, actor: "ci", provenance },
      });
      await releases.undeploy({ ...request, provenance: { reason: "rollback" } });
      await releases.unpublish({ workflow, release: release.id, actor: "ci" });

      const reopened = await under.reopen();
      const entries = await reopened.releases.listHistory({ limit: 10 });
      assert.deepEqual(
        entries.map((entry) => [entry.kind, entry.provenance]),
        [
          ["unpublish", undefined],
          ["undeploy", { reason: "rollback" }],
          ["gate", provenance],
          ["deploy", provenance],
          ["publish", provenance],
        ],
      );
      const [, , recorded] = entries;
      assert.ok(recorded);
      const { sequence: _, ...facts } = recorded;
      assert.deepEqual(facts, {
        ...{ kind: "gate", workflow, cluster: dev, release: release.id, gate },
        ...{ actor: "ci", atMs: under.clock(), provenance },
      });
    });

    test("says which commit has a release that was there already, once, and changes nothing else", async () => {
      await using under = await open();
      const { releases, clusters } = under.store;
      await addCluster(under.store, "dev");
      const workflow = await addWorkflow(under.store, "greetings");
      const release = await publish(under.store, workflow, "1");
      const request = deployRequest(workflow, release, [cluster("dev")]);
      const deployedAs = (commit: string) =>
        releases.deploy({ ...request, provenance: { ...provenance, commit: commit.repeat(40) } });
      await deployedAs("a");
      const { revision } = await clusters.getCluster(cluster("dev"));
      await deployedAs("a");
      assert.deepEqual((await deployedAs("b")).changes, []);
      await deployedAs("b");
      await releases.deploy({ ...request, provenance: { reason: "deploy" } });
      await releases.deploy(request);
      const entries = await releases.listHistory({ workflow, cluster: slug("dev"), limit: 10 });
      assert.deepEqual(
        entries.map((entry) => [
          entry.provenance?.commit?.[0],
          "before" in entry ? entry.before : undefined,
          "after" in entry ? entry.after : undefined,
        ]),
        [
          ["b", release, release],
          ["a", undefined, release],
        ],
      );
      assert.equal((await clusters.getCluster(cluster("dev"))).revision, revision);
    });

    test("is read by workflow, cluster and release, in pages", async () => {
      await using under = await open();
      const { releases } = under.store;
      const dev = await addCluster(under.store, "dev");
      const workflow = await addWorkflow(under.store, "greetings");
      const first = await publish(under.store, workflow, "1");
      const second = await publish(under.store, workflow, "2");
      const other = await addWorkflow(under.store, "alerts");
      await publish(under.store, other, "3");
      await releases.deploy(deployRequest(workflow, first, [cluster("dev")]));
      await releases.deploy(deployRequest(workflow, second, [cluster("dev"), defaultCluster]));
      const kinds = async (query: Partial<Parameters<typeof releases.listHistory>[0]>) =>
        (await releases.listHistory({ limit: 100, ...query })).map(({ kind }) => kind);
      assert.deepEqual(await kinds({ release: first }), ["deploy", "deploy", "publish"], "taken away counts");
      assert.deepEqual(await kinds({ workflow, release: second }), ["deploy", "deploy", "publish"]);
      assert.deepEqual(await kinds({ workflow: other, release: second }), []);
      assert.deepEqual(await kinds({ cluster: dev, release: second }), ["deploy"]);
      assert.deepEqual(await kinds({ workflow, cluster: dev, release: first }), ["deploy", "deploy"]);
      assert.deepEqual(await kinds({ workflow: other }), ["publish"]);
      const [newest] = await releases.listHistory({ cluster: dev, limit: 1 });
      const older = await releases.listHistory({ cluster: dev, limit: 9, before: newest?.sequence });
      assert.equal(older.length, 1);
    });

    test("takes a gate only of a release that was deployed there", async () => {
      await using under = await open();
      const { releases } = under.store;
      await addCluster(under.store, "dev");
      await addCluster(under.store, "prod");
      const workflow = await addWorkflow(under.store, "greetings");
      const other = await addWorkflow(under.store, "alerts");
      const release = await publish(under.store, workflow, "1");
      await releases.deploy(deployRequest(workflow, release, [cluster("dev")]));
      const request = { workflow, release, cluster: cluster("dev"), gate, actor: "ci" };
      const rejects = (wrong: Partial<typeof request>, error: ReturnType<typeof errorOf>) =>
        assert.rejects(releases.recordGate({ ...request, ...wrong }), error);
      await rejects({ workflow: slug("nobody") }, errorOf("workflow-not-found"));
      await rejects({ workflow: other }, errorOf("release-not-found"));
      await rejects({ cluster: cluster("nowhere") }, errorOf("cluster-not-found"));
      await rejects({ cluster: cluster("prod") }, errorOf("request-invalid", /never deployed on "prod"/));
      assert.equal((await releases.listHistory({ limit: 10 })).length, 2);
      await releases.undeploy(deployRequest(workflow, release, [cluster("dev")]));
      await releases.recordGate(request);
    });
  });

  describe("a deploy or undeploy that says what must still be there", () => {
    test("changes nothing when one cluster has something else, and says what", async () => {
      await using under = await open();
      const { releases, clusters } = under.store;
      const [dev, prod] = [await addCluster(under.store, "dev"), await addCluster(under.store, "prod")];
      const workflow = await addWorkflow(under.store, "greetings");
      const first = await publish(under.store, workflow, "1");
      const second = await publish(under.store, workflow, "2");
      const third = await publish(under.store, workflow, "3");
      const both = [cluster("dev"), cluster("prod")];
      await releases.deploy({
        ...deployRequest(workflow, first, both),
        expected: new Map([
          [dev, undefined],
          [prod, undefined],
        ]),
      });
      await releases.deploy(deployRequest(workflow, third, [cluster("prod")]));
      const before = await clusters.listClusters();
      const seen = new Map([
        [dev, first],
        [prod, first],
      ]);
      const changed = errorOf("deployment-changed", /"greetings"/);
      const request = { ...deployRequest(workflow, second, both), expected: seen };
      await assert.rejects(releases.deploy(request), (error: Error & { problems?: unknown }) => {
        assert.deepEqual(error.problems, [{ message: `prod: has ${third}, not ${first}` }]);
        return changed(error);
      });
      await assert.rejects(
        releases.undeploy({ ...deployRequest(workflow, first, both), expected: seen }),
        changed,
      );
      await assert.rejects(
        releases.deploy({ ...request, expected: new Map([[dev, undefined]]) }),
        errorOf("deployment-changed"),
      );
      assert.deepEqual(await clusters.listClusters(), before);
      // A cluster of which nothing is expected is changed whatever it has.
      const result = await releases.deploy({ ...request, expected: new Map([[dev, first]]) });
      assert.equal(result.changes.length, 2);
    });

    test("may be repeated: what it asks for is no conflict", async () => {
      await using under = await open();
      const { releases } = under.store;
      const dev = await addCluster(under.store, "dev");
      const workflow = await addWorkflow(under.store, "greetings");
      const release = await publish(under.store, workflow, "1");
      const request = deployRequest(workflow, release, [cluster("dev")]);
      const deploy = { ...request, expected: new Map([[dev, undefined]]) };
      await releases.deploy(deploy);
      assert.deepEqual((await releases.deploy(deploy)).changes, []);
      const undeploy = { ...request, expected: new Map([[dev, release]]) };
      await releases.undeploy(undeploy);
      assert.deepEqual((await releases.undeploy(undeploy)).changes, []);
    });
  });
}
