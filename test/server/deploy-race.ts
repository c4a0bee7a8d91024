/** Clients that race deploy, undeploy and read on one cluster over connections of their own, and what each was told. */
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { type Cluster, WorkflowsService } from "../../src/api/gen/workflows/v1/workflows_pb.ts";
import { idToBytes, type ReleaseId } from "../../src/engine/id.ts";
import type { Store } from "../../src/store/port.ts";
import { addCluster, addWorkflow, publish } from "../store/samples.ts";
import { type Call, isLinearizable } from "./linearizability.ts";

const [cluster, workflow] = ["shared", "greetings"];

export interface RaceSize {
  readonly clients: number;
  readonly callsPerClient: number;
}

export type Random = () => number;

/** Mulberry32: the same seed chooses the same calls; in which order they arrive is the machine's to say. */
export function seededRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A cluster, and releases to race with. */
export async function prepareRace(store: Store, count: number): Promise<readonly ReleaseId[]> {
  await addCluster(store, cluster);
  const slug = await addWorkflow(store, workflow);
  const releases: ReleaseId[] = [];
  for (let index = 0; index < count; index++) releases.push(await publish(store, slug, `${index}`));
  return releases;
}

export class DeployRace {
  readonly #clients: readonly ReturnType<typeof connect>[];
  readonly #releases: readonly ReleaseId[];
  readonly #callsPerClient: number;
  readonly #random: Random;

  constructor(url: string, releases: readonly ReleaseId[], size: RaceSize, random: Random) {
    this.#clients = Array.from({ length: size.clients }, () => connect(url));
    this.#releases = releases;
    this.#callsPerClient = size.callsPerClient;
    this.#random = random;
  }

  /** One run: whether some order explains what all the clients were told. */
  async isLinearizable(): Promise<boolean> {
    const [first] = this.#clients;
    if (first === undefined) throw new Error("a race needs clients");
    const before = deployedOn(await first.getCluster({ clusterSlug: cluster }));
    const calls = await Promise.all(
      this.#clients.map(async (client) => {
        const own: Call[] = [];
        for (let index = 0; index < this.#callsPerClient; index++) own.push(await this.#call(client));
        return own;
      }),
    );
    return isLinearizable(calls.flat(), before);
  }

  async #call(client: ReturnType<typeof connect>): Promise<Call> {
    const kind = this.#choose(["deploy", "deploy", "undeploy", "read"] as const);
    const uuid = idToBytes(this.#choose(this.#releases));
    const request = { workflowSlug: workflow, releaseId: { uuid }, clusterSlugs: [cluster] };
    const calledMs = performance.now();
    const answered =
      kind === "read"
        ? await client.getCluster({ clusterSlug: cluster })
        : kind === "deploy"
          ? (await client.deployWorkflowRelease(request)).clusters[0]
          : (await client.undeployWorkflowRelease(request)).clusters[0];
    const answeredMs = performance.now();
    return { kind, release: hex(uuid), calledMs, answeredMs, answered: deployedOn(answered) };
  }

  #choose<T>(choices: readonly T[]): T {
    const choice = choices[Math.floor(this.#random() * choices.length)];
    if (choice === undefined) throw new Error("there is nothing to choose from");
    return choice;
  }
}

function connect(baseUrl: string) {
  return createClient(WorkflowsService, createGrpcTransport({ baseUrl }));
}

function deployedOn(state: Cluster | undefined): string | undefined {
  const release = state?.deployedReleases[0]?.releases[0];
  return release === undefined ? undefined : hex(release.id?.uuid ?? new Uint8Array());
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
