/** A client that publishes and deploys one workflow's releases in a loop and remembers what was answered. */
import type { Client } from "@connectrpc/connect";
import type { WorkflowsService } from "../../src/api/gen/workflows/v1/workflows_pb.ts";
import { type ArtifactId, idFromBytes, idToBytes, type ReleaseId } from "../../src/engine/id.ts";
import type { Slug } from "../../src/engine/slug.ts";
import { sha256 } from "../store/samples.ts";

type Workflows = Client<typeof WorkflowsService>;

/** What an answer that never came may have done, or not. */
type Pending = { readonly kind: "publish"; readonly name: string } | { readonly kind: "deploy" | "undeploy" };

export class Publisher {
  readonly workflow: Slug;
  readonly #clusters: readonly Slug[];
  readonly #artifact: ArtifactId;
  /** The release of every answered publish, by name. */
  readonly published = new Map<string, ReleaseId>();
  /** What the clusters have by the last answer. */
  deployed: ReleaseId | undefined;
  /** How often an answer said that the clusters changed. */
  changes = 0;
  pending: Pending | undefined;
  #nextName = 1;
  #onAnswer = () => {};

  constructor(workflow: Slug, artifact: ArtifactId, clusters: readonly Slug[]) {
    this.workflow = workflow;
    this.#artifact = artifact;
    this.#clusters = clusters;
  }

  /** Until a call fails, which is when the server was killed; returns its error. Tells of every answer. */
  async work(client: Workflows, onAnswer: () => void): Promise<unknown> {
    this.#onAnswer = onAnswer;
    try {
      // What was lost is repeated first, as a pipeline that is run again would do it.
      const lost = this.pending?.kind === "publish" ? this.pending.name : `release ${this.#nextName++}`;
      let release = await this.#publish(client, lost);
      for (;;) {
        await this.#deploy(client, release);
        if (this.published.size % 5 === 0) await this.#undeploy(client, release);
        release = await this.#publish(client, `release ${this.#nextName++}`);
      }
    } catch (error) {
      // Which call it was is in `pending`.
      return error;
    }
  }

  async #publish(client: Workflows, name: string): Promise<ReleaseId> {
    this.pending = { kind: "publish", name };
    const { id } = await client.publishWorkflowRelease({
      workflowSlug: this.workflow,
      artifactId: { uuid: idToBytes(this.#artifact) },
      content: {
        fingerprint: sha256(`${this.workflow} ${name}`),
        tasks: [{ name: "greet", version: "v1.0" }],
        files: [{ path: "tasks.py" }],
        runnerObjectPath: "greetings:runner",
      },
    });
    this.pending = undefined;
    const release = idFromBytes<"release">(id?.uuid ?? new Uint8Array());
    if (release === undefined) throw new Error("a release without an id");
    this.published.set(name, release);
    this.#onAnswer();
    return release;
  }

  async #deploy(client: Workflows, release: ReleaseId): Promise<void> {
    this.pending = { kind: "deploy" };
    await client.deployWorkflowRelease(this.#request(release));
    this.pending = undefined;
    if (this.deployed !== release) this.changes++;
    this.deployed = release;
    this.#onAnswer();
  }

  async #undeploy(client: Workflows, release: ReleaseId): Promise<void> {
    this.pending = { kind: "undeploy" };
    await client.undeployWorkflowRelease(this.#request(release));
    this.pending = undefined;
    if (this.deployed !== undefined) this.changes++;
    this.deployed = undefined;
    this.#onAnswer();
  }

  #request(release: ReleaseId) {
    return {
      workflowSlug: this.workflow,
      releaseId: { uuid: idToBytes(release) },
      clusterSlugs: [...this.#clusters],
    };
  }
}
