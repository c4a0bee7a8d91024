import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { WorkflowPage, WorkflowStore } from "../../src/store/port.ts";
import { errorOf } from "../support/errors.ts";
import type { OpenStore } from "./contract.ts";
import { addCluster, addWorkflow, cluster, defaultCluster, deployRequest, publish, slug } from "./samples.ts";

type WorkflowList = Awaited<ReturnType<WorkflowStore["listWorkflows"]>>;

export function clusterContract(open: OpenStore): void {
  describe("clusters", () => {
    test("the default cluster is there from the start and stays", async () => {
      await using under = await open();
      const { clusters } = under.store;
      const [only, ...others] = await clusters.listClusters();
      assert.deepEqual(others, []);
      assert.ok(only);
      assert.match(only.slug, /^default-[1-9A-Za-z]{14}$/);
      assert.deepEqual(
        { ...only, slug: "" },
        { slug: "", displayName: "Default", description: "", isDefault: true, revision: 0, deployments: [] },
      );
      assert.deepEqual(await clusters.getCluster(defaultCluster), only);
      assert.deepEqual(await clusters.getCluster({ kind: "slug", slug: only.slug }), only);
      await assert.rejects(clusters.deleteCluster(only.slug), errorOf("cluster-protected"));
    });

    test("are created once, changed field by field, listed by slug and deleted", async () => {
      await using under = await open();
      const { clusters } = under.store;
      await addCluster(under.store, "prod");
      const dev = await clusters.createCluster({ slug: slug("dev"), displayName: "Dev", description: "d" });
      assert.equal(dev.isDefault, false);
      const again = clusters.createCluster({ slug: slug("dev"), displayName: "Other", description: "" });
      await assert.rejects(again, errorOf("already-exists", /"dev"/));

      const renamed = await clusters.updateCluster(slug("dev"), { displayName: "Development" });
      assert.deepEqual(renamed, { ...dev, displayName: "Development" });
      assert.equal((await clusters.updateCluster(slug("dev"), { description: "" })).description, "");
      assert.deepEqual(await clusters.updateCluster(slug("dev"), {}), { ...renamed, description: "" });

      const listed = (await clusters.listClusters()).map((listed) => listed.slug);
      assert.deepEqual(listed.slice(1), ["dev", "prod"]);
      await clusters.deleteCluster(slug("dev"));
      const missing = errorOf("cluster-not-found", /"dev"/);
      await assert.rejects(clusters.getCluster(cluster("dev")), missing);
      await assert.rejects(clusters.updateCluster(slug("dev"), {}), missing);
      await assert.rejects(clusters.deleteCluster(slug("dev")), missing);
    });

    test("a cluster with a deployment is not deleted", async () => {
      await using under = await open();
      const { clusters, releases } = under.store;
      const dev = await addCluster(under.store, "dev");
      const workflow = await addWorkflow(under.store, "greetings");
      const release = await publish(under.store, workflow, "1");
      await releases.deploy(deployRequest(workflow, release, [cluster(dev)]));
      await assert.rejects(clusters.deleteCluster(dev), errorOf("cluster-in-use", /"greetings"/));
      await releases.undeploy(deployRequest(workflow, release, [cluster(dev)]));
      await clusters.deleteCluster(dev);
    });
  });

  describe("a cluster with a job", () => {
    test("is not deleted before the job is over", async () => {
      await using under = await open();
      const { clusters, jobs } = under.store;
      const dev = await addCluster(under.store, "dev");
      const task = {
        cluster: cluster(dev),
        identifier: { name: "greet", version: "v1.0", major: 1, minor: 0 },
        input: new Uint8Array(),
        display: "greet",
        maxRetries: 0,
        optional: false,
      };
      const job = await jobs.submitJob({
        name: "job",
        traceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        automation: undefined,
        groups: [{ dependsOn: [], tasks: [task] }],
      });
      await assert.rejects(clusters.deleteCluster(dev), errorOf("cluster-in-use", /jobs that are not over/));
      await jobs.cancelJob(job.id);
      await clusters.deleteCluster(dev);
    });
  });

  describe("workflows", () => {
    test("are created once, changed field by field and deleted", async () => {
      await using under = await open();
      const { workflows } = under.store;
      const made = await workflows.createWorkflow({
        slug: slug("greetings"),
        name: "Greetings",
        summary: "s",
        description: "d",
      });
      assert.deepEqual(await workflows.getWorkflow(slug("greetings")), made);
      assert.equal(made.createdAtMs, under.clock());
      assert.deepEqual(made.releases, []);
      await assert.rejects(addWorkflow(under.store, "greetings"), errorOf("already-exists", /"greetings"/));

      assert.deepEqual(await workflows.updateWorkflow(made.slug, {}), made);
      const changed = await workflows.updateWorkflow(made.slug, { name: "G", description: "" });
      assert.deepEqual(changed, { ...made, name: "G", description: "" });

      await workflows.deleteWorkflow({ workflow: made.slug, actor: "ci" });
      const missing = errorOf("workflow-not-found", /"greetings"/);
      await assert.rejects(workflows.getWorkflow(made.slug), missing);
      await assert.rejects(workflows.updateWorkflow(made.slug, {}), missing);
      await assert.rejects(workflows.deleteWorkflow({ workflow: made.slug, actor: "ci" }), missing);
    });

    test("are listed oldest first, in pages that do not overlap", async () => {
      await using under = await open();
      const { workflows } = under.store;
      const names = ["c", "a", "e", "b", "d"];
      for (const name of names) await addWorkflow(under.store, name);
      const everything = await workflows.listWorkflows({});
      assert.equal(everything.next, undefined);
      assert.deepEqual(
        everything.workflows.map((workflow) => workflow.slug),
        names,
      );

      const seen: string[] = [];
      for (let page: Partial<WorkflowPage> | undefined = { limit: 2 }; page !== undefined; ) {
        const { workflows: found, next }: WorkflowList = await workflows.listWorkflows(page);
        assert.ok(found.length <= 2);
        seen.push(...found.map((workflow) => workflow.slug));
        page = next;
      }
      assert.deepEqual(seen, names);
    });
  });
}
