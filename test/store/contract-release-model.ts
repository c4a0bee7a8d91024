import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ReleaseId } from "../../src/engine/id.ts";
import type { ClusterRef } from "../../src/engine/release.ts";
import { ReleaseError } from "../../src/errors.ts";
import type { Store } from "../../src/store/port.ts";
import type { OpenStore } from "./contract.ts";
import { type Action, defaultName, ReleaseModel } from "./release-model.ts";
import { addArtifact, addCluster, addWorkflow, publishRequest, slug } from "./samples.ts";

const sequences = 40;
const longestSequence = 60;

const cluster = fc.constantFrom("dev", "prod", defaultName);
const workflow = fc.constantFrom("greetings", "alerts");
const release = fc.constantFrom("1", "2", "3");
const clusters = fc.array(cluster, { maxLength: 3 });
const kind = <Kind extends string>(value: Kind) => fc.constant(value);
const action: fc.Arbitrary<Action> = fc.oneof(
  { arbitrary: fc.record({ kind: kind("create-cluster"), cluster }), weight: 2 },
  { arbitrary: fc.record({ kind: kind("delete-cluster"), cluster }), weight: 1 },
  { arbitrary: fc.record({ kind: kind("create-workflow"), workflow }), weight: 2 },
  { arbitrary: fc.record({ kind: kind("delete-workflow"), workflow }), weight: 1 },
  { arbitrary: fc.record({ kind: kind("publish"), workflow, release }), weight: 3 },
  { arbitrary: fc.record({ kind: kind("unpublish"), workflow, release }), weight: 2 },
  { arbitrary: fc.record({ kind: kind("deploy"), workflow, release, clusters }), weight: 4 },
  { arbitrary: fc.record({ kind: kind("undeploy"), workflow, release, clusters }), weight: 3 },
);

export function releaseModelContract(open: OpenStore): void {
  test("any sequence of publishing and deploying ends as a model of it does", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: longestSequence, size: "max" }), async (actions) => {
        await using under = await open();
        const model = new ReleaseModel();
        const real = new RealReleases(under.store);
        for (const action of actions) {
          assert.equal(await real.apply(action), model.apply(action), JSON.stringify(action));
        }
        assert.deepEqual(await real.state(), model.state());
      }),
      { numRuns: sequences },
    );
  });
}

/** The same actions on a store; releases keep their ids by name. */
class RealReleases {
  readonly #store: Store;
  readonly #ids = new Map<string, ReleaseId>();

  constructor(store: Store) {
    this.#store = store;
  }

  async apply(action: Action): Promise<string | undefined> {
    try {
      await this.#carryOut(action);
      return undefined;
    } catch (error) {
      if (error instanceof ReleaseError) return error.code;
      throw error;
    }
  }

  async #carryOut(action: Action): Promise<void> {
    const { clusters, workflows, releases } = this.#store;
    switch (action.kind) {
      case "create-cluster":
        if (action.cluster !== defaultName) await addCluster(this.#store, action.cluster);
        // The model's name of the default cluster is not its slug, which only the store knows.
        else await addCluster(this.#store, await this.#defaultSlug());
        return;
      case "delete-cluster": {
        const name = action.cluster === defaultName ? await this.#defaultSlug() : action.cluster;
        return clusters.deleteCluster(slug(name));
      }
      case "create-workflow":
        await addWorkflow(this.#store, action.workflow);
        return;
      case "delete-workflow":
        return workflows.deleteWorkflow({ workflow: slug(action.workflow), actor: "ci" });
      case "publish": {
        const artifact = await addArtifact(this.#store, action.release);
        const request = publishRequest(slug(action.workflow), artifact, action.release);
        this.#ids.set(nameOf(action), (await releases.publish(request)).release.id);
        return;
      }
      case "unpublish":
        return releases.unpublish({ ...this.#ref(action), actor: "ci" });
      case "deploy":
      case "undeploy":
        await releases[action.kind]({
          ...this.#ref(action),
          clusters: action.clusters.map(refOf),
          actor: "ci",
        });
    }
  }

  #ref(action: { readonly workflow: string; readonly release: string }) {
    const never = "00000000-0000-7000-8000-000000000001" as ReleaseId;
    return { workflow: slug(action.workflow), release: this.#ids.get(nameOf(action)) ?? never };
  }

  async #defaultSlug(): Promise<string> {
    return (await this.#store.clusters.getCluster({ kind: "default" })).slug;
  }

  async state(): Promise<unknown> {
    const [listed, { workflows }, history] = await Promise.all([
      this.#store.clusters.listClusters(),
      this.#store.workflows.listWorkflows({}),
      this.#store.releases.listHistory({ limit: 10_000 }),
    ]);
    const names = new Map([...this.#ids].map(([name, id]) => [id, name.split("/")[1] ?? ""]));
    return {
      clusters: listed.map((cluster) => (cluster.isDefault ? defaultName : cluster.slug)).toSorted(),
      workflows: workflows
        .map((workflow) => [
          workflow.slug,
          workflow.releases.map((release) => names.get(release.id) ?? release.id).toSorted(),
          listed
            .flatMap((cluster) =>
              cluster.deployments
                .filter((deployment) => deployment.workflow.slug === workflow.slug)
                .map((deployment) => {
                  const where = cluster.isDefault ? defaultName : cluster.slug;
                  return `${where}: ${names.get(deployment.release.id) ?? deployment.release.id}`;
                }),
            )
            .toSorted(),
        ])
        .toSorted(),
      historyLength: history.length,
    };
  }
}

const nameOf = ({ workflow, release }: { readonly workflow: string; readonly release: string }) =>
  `${workflow}/${release}`;

const refOf = (name: string): ClusterRef =>
  name === defaultName ? { kind: "default" } : { kind: "slug", slug: slug(name) };
