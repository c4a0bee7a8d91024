/**
 * Tells GitHub what is deployed where: one GitHub Deployment a cluster, in progress first, with an end in
 * every case. Nothing here waits for GitHub before the deploy goes on, and nothing fails because of GitHub.
 */
import type { ClusterOutcome } from "../../release/deploy.ts";
import type { PlannedCluster } from "../../release/deploy-plan.ts";
import type { RunRecord } from "../record.ts";
import type { GitHubClient } from "./client.ts";
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
  /** Never rejects. */
  settled?: Promise<void>;
}

export class GitHubDeployments {
  readonly #client: () => Promise<GitHubClient>;
  readonly #origin: DeploymentOrigin;
  /** By environment: the projects of a run may share clusters. */
  readonly #begun = new Map<string, Begun>();
  /** Environments by what went wrong with telling GitHub of them. */
  readonly #troubles = new Map<string, Set<string>>();

  constructor(client: () => Promise<GitHubClient>, origin: DeploymentOrigin) {
    this.#client = client;
    this.#origin = origin;
  }

  /** Announces the deployments of the stage that begins, and ends those of the stages that are over. */
  stageEntered(record: RunRecord): void {
    for (const planned of record.plan ?? []) {
      if (planned.stage === record.stage) this.#begin(record.slug ?? "", planned);
      else this.#settle(record, planned.cluster);
    }
  }

  /** Ends all that is announced. Resolves when GitHub knows or the client's signal ended it. */
  async end(records: readonly RunRecord[]): Promise<void> {
    for (const record of records) for (const { cluster } of record.plan ?? []) this.#settle(record, cluster);
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

  #begin(workflow: string, planned: PlannedCluster): void {
    const environment = environmentName(workflow, planned.cluster);
    if (this.#begun.has(environment)) return;
    this.#begun.set(environment, { created: this.#create(environment, workflow, planned) });
  }

  async #create(environment: string, workflow: string, planned: PlannedCluster): Promise<number | undefined> {
    const id = await this.#attempt(environment, async ({ octokit, repository }) => {
      const { data } = await octokit.rest.repos.createDeployment({
        ...repository,
        ref: this.#origin.commit,
        environment,
        description: `Release ${planned.after.id}`,
        payload: { ...this.#payload(workflow, planned) },
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
    if (id !== undefined)
      await this.#attempt(environment, () =>
        this.#post(id, "in_progress", `Deploying release ${planned.after.id}`),
      );
    return id;
  }

  #payload(workflow: string, { cluster, after }: PlannedCluster): DeploymentRecord {
    const { commit, runId, runAttempt } = this.#origin;
    return {
      environment: environmentName(workflow, cluster),
      workflow,
      cluster,
      release: after.id,
      fingerprint: after.fingerprint,
      digest: after.digest,
      commit,
      run: { id: runId, attempt: runAttempt },
    };
  }

  #settle(record: RunRecord, cluster: string): void {
    const environment = environmentName(record.slug ?? "", cluster);
    const begun = this.#begun.get(environment);
    const outcome = record.deployments.get(cluster);
    if (begun === undefined || begun.settled !== undefined || outcome === undefined) return;
    begun.settled = begun.created.then(async (id) => {
      if (id === undefined) return;
      await this.#attempt(environment, async (client) => {
        const state = stateOf(outcome);
        await this.#post(id, state, outcomeWords(outcome, record));
        if (state === "success") await this.#supersede(client, id, environment);
      });
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

function stateOf({ outcome }: ClusterOutcome): DeploymentState {
  switch (outcome) {
    case "deployed":
    case "unchanged":
      return "success";
    case "failed":
    case "restored":
    case "taken-over":
      return "failure";
    case "planned":
    case "unknown":
    case "not-restored":
      return "error";
  }
}

function outcomeWords({ outcome, before, after }: ClusterOutcome, { failure }: RunRecord): string {
  const why = failure === undefined ? "" : ` (${failure.code})`;
  switch (outcome) {
    case "deployed":
      return `deployed, was ${before ?? "empty"}`;
    case "unchanged":
      return "unchanged, had this release already";
    case "failed":
      return `not deployed, has ${after ?? "no release"}${why}`;
    case "planned":
      return `not carried out, has ${after ?? "no release"}${why}`;
    case "unknown":
      return `could not be read back${why}`;
    case "restored":
      return `rolled back, has ${after ?? "no release"} again${why}`;
    case "not-restored":
      return `should have ${before ?? "no release"} again, has ${after ?? "what is not known"}${why}`;
    case "taken-over":
      return `somebody else deployed ${after ?? "no release"} meanwhile${why}`;
  }
}
