import type { ReleaseId } from "../../src/engine/id.ts";
import type { ClusterRef } from "../../src/engine/release.ts";
import type { Slug } from "../../src/engine/slug.ts";
import type { TaskIdentifier } from "../../src/engine/task-identifier.ts";
import { ReleaseError } from "../../src/errors.ts";
import { offersOf } from "../../src/runner/offer.ts";
import type { Offer } from "../../src/store/job-port.ts";
import type { Store } from "../../src/store/port.ts";
import { type Action, defaultName } from "./release-model.ts";
import { addArtifact, addCluster, addWorkflow, publishRequest, slug } from "./samples.ts";

interface Setting {
  /** The one that is open now. */
  readonly store: () => Store;
  /** Tells workflows and clusters of one sequence from those of others on the same store. */
  readonly slugOf?: (name: string) => string;
  readonly tasksOf?: (release: string) => readonly TaskIdentifier[];
}

/** The same actions on a store; releases keep their ids by name. */
export class ReleasesUnderTest {
  readonly #setting: Setting;
  readonly #ids = new Map<string, ReleaseId>();

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  get #store(): Store {
    return this.#setting.store();
  }

  /** The slug of a workflow or a cluster of the model. */
  #slug(name: string): Slug {
    return slug(this.#setting.slugOf?.(name) ?? name);
  }

  #refOf(name: string): ClusterRef {
    return name === defaultName ? { kind: "default" } : { kind: "slug", slug: this.#slug(name) };
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
        if (action.cluster !== defaultName) await addCluster(this.#store, this.#slug(action.cluster));
        // The model's name of the default cluster is not its slug, which only the store knows.
        else await addCluster(this.#store, await this.#defaultSlug());
        return;
      case "delete-cluster": {
        const { cluster } = action;
        const name = cluster === defaultName ? slug(await this.#defaultSlug()) : this.#slug(cluster);
        return clusters.deleteCluster(name);
      }
      case "create-workflow":
        await addWorkflow(this.#store, this.#slug(action.workflow));
        return;
      case "delete-workflow":
        return workflows.deleteWorkflow({ workflow: this.#slug(action.workflow), actor: "ci" });
      case "publish": {
        const artifact = await addArtifact(this.#store, action.release);
        const request = publishRequest(this.#slug(action.workflow), artifact, action.release);
        const tasks = this.#setting.tasksOf?.(action.release) ?? request.content.tasks;
        this.#ids.set(
          nameOf(action),
          (await releases.publish({ ...request, content: { ...request.content, tasks } })).release.id,
        );
        return;
      }
      case "unpublish":
        return releases.unpublish({ ...this.#ref(action), actor: "ci" });
      case "deploy":
      case "undeploy":
        await releases[action.kind]({
          ...this.#ref(action),
          clusters: action.clusters.map((name) => this.#refOf(name)),
          actor: "ci",
        });
    }
  }

  #ref(action: { readonly workflow: string; readonly release: string }) {
    const never = "00000000-0000-7000-8000-000000000001" as ReleaseId;
    return { workflow: this.#slug(action.workflow), release: this.#ids.get(nameOf(action)) ?? never };
  }

  async #defaultSlug(): Promise<string> {
    return (await this.#store.clusters.getCluster({ kind: "default" })).slug;
  }

  /** What a release runner of the cluster asks for. */
  async offerOn(cluster: string): Promise<Offer> {
    const ref = this.#refOf(cluster);
    const { deployments } = await this.#store.clusters.getCluster(ref);
    const candidates = deployments.map(({ workflow, release }) => ({
      owner: release.id,
      workflow: workflow.slug,
      tasks: release.content.tasks,
    }));
    return { cluster: ref, identifiers: offersOf<ReleaseId>(candidates).offered };
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
