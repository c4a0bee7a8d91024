/** Clients that submit jobs, publish releases and deploy them, and remember what they were told. */
import assert from "node:assert/strict";
import { setTimeout as waitFor } from "node:timers/promises";
import { changeHeaders } from "../../src/api/change-headers.ts";
import type { HttpApiClient } from "../../src/api/client.ts";
import { idFromBytes } from "../../src/engine/id.ts";
import type { Random } from "../server/deploy-race.ts";
import { groupsOf } from "../server/services/jobs-under-test.ts";
import { sha256 } from "../store/samples.ts";
import { packOneFile } from "../support/archives.ts";
import type { ScratchFolder } from "../support/scratch-folder.ts";
import { callLimitMs, type FleetClient } from "./fleet.ts";
import type { Journal } from "./journal.ts";

const limit = { timeoutMs: callLimitMs };
/** More tasks than this wait for nobody's good. */
const longestQueue = 1_000;

export class Submitter {
  /** Ids of jobs that were acknowledged. */
  readonly jobs: Uint8Array[] = [];
  /** Tasks of these jobs, without those that nobody knows whether they are there. */
  tasks = 0;

  async work(client: FleetClient, journal: Journal, random: Random, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      if (this.tasks - journal.done.size > longestQueue) {
        await waitFor(50);
        continue;
      }
      const leaves = Array.from({ length: 1 + Math.floor(random() * 6) }, () => Math.floor(random() * 9));
      const { taskGroups, ...lookups } = groupsOf(leaves.map((count) => `root ${count}`));
      const [roots] = taskGroups;
      const last = groupsOf(["last"]).taskGroups[0];
      if (roots === undefined || last === undefined) throw new Error("no groups");
      // Waits for the roots and everything below them.
      const after = { ...last, displayPointers: [BigInt(leaves.length)], dependenciesOnOtherGroups: [0] };
      const request = {
        jobName: "faults",
        traceParent: "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
        tasks: { ...lookups, taskGroups: [roots, after], displayLookup: [...lookups.displayLookup, "last"] },
      };
      // Sent twice it would be two jobs: whether one whose answer was lost is there, nobody asks.
      const job = await client.attempt((api) => api.jobs.submitJob(request, limit)).catch(() => undefined);
      if (job?.id === undefined) continue;
      this.jobs.push(job.id.uuid);
      this.tasks += leaves.reduce((sum, count) => sum + count + 1, 1);
    }
  }
}

export class Publisher {
  readonly workflow: string;
  readonly clusters: readonly string[];
  /** Acknowledged releases, with what is in their artifact. */
  readonly published = new Map<string, { readonly digest: string; readonly bytes: Buffer }>();
  /** Ids of the releases of acknowledged deployments, in their order: nobody else deploys this workflow. */
  readonly deployments: string[] = [];
  /** What the clusters were last seen to have, by an answer. */
  deployed: string | undefined;

  constructor(workflow: string, clusters: readonly string[]) {
    this.workflow = workflow;
    this.clusters = clusters;
  }

  async work(client: FleetClient, folder: ScratchFolder, isOver: () => boolean): Promise<void> {
    for (let number = 0; !isOver(); number++) {
      const archive = await packOneFile(folder, `${this.workflow} ${number}`);
      const artifact = await client.call(
        (api) => api.uploadArtifact(archive, AbortSignal.timeout(30_000)),
        isOver,
      );
      if (artifact === undefined) return;
      const content = {
        fingerprint: sha256(`${this.workflow} ${number}`),
        tasks: [{ name: "greet", version: "v1.0" }],
        files: [{ path: "main.py" }],
        runnerObjectPath: "main:runner",
      };
      const request = { workflowSlug: this.workflow, artifactId: { uuid: artifact.artifactId }, content };
      const release = await client.call(
        (api) => api.workflows.publishWorkflowRelease(request, limit),
        isOver,
      );
      if (release?.id === undefined) return;
      this.published.set(textOf(release.id.uuid), archive);
      await this.#deploy(client, release.id.uuid, isOver);
      await waitFor(100);
    }
  }

  /** As a roll-out does it: what the clusters have is a condition of the change, and what became of it is read back. */
  async #deploy(client: FleetClient, release: Uint8Array, isOver: () => boolean): Promise<void> {
    while (!isOver() && this.deployed !== textOf(release)) {
      const expected = new Map(this.clusters.map((slug) => [slug, this.deployed]));
      const headers = changeHeaders({}, { reason: "deploy", expected });
      const request = {
        workflowSlug: this.workflow,
        releaseId: { uuid: release },
        clusterSlugs: [...this.clusters],
      };
      const answer = await client
        .attempt((api) => api.workflows.deployWorkflowRelease(request, { ...limit, headers }))
        .catch(() => undefined);
      if (answer !== undefined) {
        this.deployed = textOf(release);
        this.deployments.push(this.deployed);
        return;
      }
      const [cluster = ""] = this.clusters;
      await client.call(async (api) => {
        this.deployed = await this.readDeployed(api, cluster);
      }, isOver);
    }
  }

  async readDeployed(api: HttpApiClient, cluster: string): Promise<string | undefined> {
    const { deployedReleases } = await api.workflows.getCluster({ clusterSlug: cluster }, limit);
    const mine = deployedReleases.find(({ slug }) => slug === this.workflow)?.releases[0]?.id;
    return mine === undefined ? undefined : textOf(mine.uuid);
  }
}

function textOf(bytes: Uint8Array): string {
  return idFromBytes(bytes) ?? assert.fail("not an id");
}
