/**
 * Tells GitHub what is deployed where: one GitHub Deployment a cluster, in progress first, with an end in
 * every case. Nothing here waits for GitHub before the deploy goes on, and nothing fails because of GitHub.
 */
import type { PlannedCluster } from "../../release/deploy-plan.ts";
import type { RunRecord } from "../record.ts";
import type { GitHubClient } from "./client.ts";
import { type DeploymentEnd, endOf, outcomeWords } from "./deployment-end.ts";
import {
  type DeploymentRecord,
  type DeploymentState,
  environmentName,
  listDeployments,
} from "./deployment-record.ts";
import { githubTrouble } from "./trouble.ts";

export interface DeploymentOrigin {
  readonly commit: string;
  readonly runId: number;
  readonly runAttempt: number;
  readonly runUrl: string;
}

/** GitHub refuses a longer description of a status. */
const descriptionLimit = 140;

interface Begun {
  /** GitHub's id; undefined when GitHub did not take it. Never rejects. */
  readonly created: Promise<number | undefined>;
  /** What GitHub was told last of how it ended. */
  told?: DeploymentEnd;
  /** All that is to be told of it. Never rejects. */
  settled: Promise<void>;
}

/** A deployment that GitHub shows as in progress. */
export interface OpenDeployment {
  readonly id: number;
  readonly environment: string;
}

export class GitHubDeployments {
  readonly #client: () => Promise<GitHubClient>;
  readonly #origin: DeploymentOrigin;
  readonly #openChanged: (open: readonly OpenDeployment[]) => void;
  readonly #open = new Map<number, OpenDeployment>();
  /** By environment: the projects of a run may share clusters. */
  readonly #begun = new Map<string, Begun>();
  /** Environments by what went wrong with telling GitHub of them. */
  readonly #troubles = new Map<string, Set<string>>();

  /** `openChanged` is told what somebody else has to end if this process does not. */
  constructor(
    client: () => Promise<GitHubClient>,
    origin: DeploymentOrigin,
    openChanged: (open: readonly OpenDeployment[]) => void,
  ) {
    this.#client = client;
    this.#origin = origin;
    this.#openChanged = openChanged;
  }

  /** Announces the deployments of the stage that begins, and ends those of the stages that are over. */
  stageEntered(record: RunRecord): void {
    for (const planned of record.plan ?? []) {
      if (planned.stage === record.stage) this.#begin(record, planned);
      else this.#settle(record, planned.cluster);
    }
  }

  /** Ends all that is announced. Resolves when GitHub knows or the client's signal ended it. */
  async end(records: readonly RunRecord[]): Promise<void> {
    for (const record of records) {
      for (const { cluster } of record.plan ?? []) {
        this.#settle(record, cluster);
        this.#supersedeBefore(environmentName(record.slug ?? "", cluster));
      }
    }
    await Promise.all([...this.#begun.values()].map(({ settled }) => settled));
  }

  /** What GitHub was not told, each with what is true on the clusters. */
  troubles(records: readonly RunRecord[]): string[] {
    const truths = new Map(
      records.flatMap((record) =>
        [...record.deployments.values()].map((outcome): [string, string] => [
          environmentName(record.slug ?? "", outcome.cluster),
          outcomeWords(outcome, record),
        ]),
      ),
    );
    return [...this.#troubles].map(([trouble, environments]) => {
      const truth = [...environments].map((name) => `${name}: ${truths.get(name) ?? "not reached"}`);
      return `The GitHub Deployments could not be recorded: ${trouble}. This did not change what was deployed: ${truth.join("; ")}`;
    });
  }

  #begin(record: RunRecord, planned: PlannedCluster): void {
    const environment = environmentName(record.slug ?? "", planned.cluster);
    if (this.#begun.has(environment)) return;
    const created = this.#create(environment, record, planned);
    this.#begun.set(environment, { created, settled: created.then(() => {}) });
  }

  async #create(
    environment: string,
    record: RunRecord,
    planned: PlannedCluster,
  ): Promise<number | undefined> {
    const payload = this.#payload(record, planned);
    const id = await this.#attempt(environment, async ({ octokit, repository }) => {
      const { data } = await octokit.rest.repos.createDeployment({
        ...repository,
        ref: payload.commit,
        environment,
        description: `Release ${planned.after.id}`,
        payload: { ...payload },
        // The job that runs this is one of the commit's checks, and the ref is to stay what it is.
        required_contexts: [],
        auto_merge: false,
        // A dev cluster outlives its deployments; GitHub means environments that are made for one.
        transient_environment: false,
        production_environment: planned.stage === "production",
      });
      if (!("id" in data)) throw new Error(data.message ?? "no deployment was made");
      return data.id;
    });
    if (id === undefined) return undefined;
    this.#open.set(id, { id, environment });
    this.#openChanged([...this.#open.values()]);
    await this.#attempt(environment, () =>
      this.#post(id, "in_progress", `Deploying release ${planned.after.id}`),
    );
    return id;
  }

  #payload(record: RunRecord, { cluster, after }: PlannedCluster): DeploymentRecord {
    const { runId, runAttempt } = this.#origin;
    const workflow = record.slug ?? "";
    return {
      environment: environmentName(workflow, cluster),
      workflow,
      cluster,
      release: after.id,
      fingerprint: after.fingerprint,
      digest: after.digest,
      commit: record.commit ?? this.#origin.commit,
      gates: record.plannedGates ?? [],
      reason: record.reason ?? "deploy",
      run: { id: runId, attempt: runAttempt },
    };
  }

  /** Says how the deployment ended, or that it ended otherwise than was said before. */
  #settle(record: RunRecord, cluster: string): void {
    const environment = environmentName(record.slug ?? "", cluster);
    const begun = this.#begun.get(environment);
    const outcome = record.deployments.get(cluster);
    if (begun === undefined || outcome === undefined) return;
    const end = endOf(outcome, record);
    if (begun.told?.state === end.state) return;
    begun.told = end;
    this.#afterwards(environment, begun, async (id) => {
      await this.#post(id, end.state, end.words);
      this.#open.delete(id);
      this.#openChanged([...this.#open.values()]);
    });
  }

  /** Only at the end: what is rolled back has superseded nothing. */
  #supersedeBefore(environment: string): void {
    const begun = this.#begun.get(environment);
    if (begun?.told?.state !== "success") return;
    this.#afterwards(environment, begun, (id, client) => this.#supersede(client, id, environment));
  }

  #afterwards(
    environment: string,
    begun: Begun,
    work: (id: number, client: GitHubClient) => Promise<void>,
  ): void {
    const { created, settled } = begun;
    begun.settled = settled.then(async () => {
      const id = await created;
      if (id !== undefined) await this.#attempt(environment, (client) => work(id, client));
    });
  }

  /** Ends what was deployed before, also what a killed run left in progress. */
  async #supersede(client: GitHubClient, id: number, environment: string): Promise<void> {
    for await (const earlier of listDeployments(client, environment)) {
      if (earlier.id >= id) continue;
      // Whoever ended this one ended what was before it.
      if (earlier.state === "inactive") return;
      if (earlier.state !== "failure" && earlier.state !== "error")
        await this.#post(earlier.id, "inactive", "Superseded");
    }
  }

  async #post(id: number, state: DeploymentState, description: string): Promise<void> {
    const { octokit, repository } = await this.#client();
    await octokit.rest.repos.createDeploymentStatus({
      ...repository,
      deployment_id: id,
      state,
      description: description.slice(0, descriptionLimit),
      log_url: this.#origin.runUrl,
      // GitHub would end the deployments of the environment that are not production only.
      auto_inactive: false,
    });
  }

  async #attempt<T>(environment: string, work: (client: GitHubClient) => Promise<T>): Promise<T | undefined> {
    try {
      return await work(await this.#client());
    } catch (error) {
      const trouble = githubTrouble(error, "deployments: write");
      const environments = this.#troubles.get(trouble) ?? new Set();
      this.#troubles.set(trouble, environments.add(environment));
      return undefined;
    }
  }
}
