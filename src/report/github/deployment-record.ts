/**
 * What a GitHub Deployment of ours says in its payload. It is the only place that ties a deployed release
 * to the commit it came from, so it is read back: to compare commits, and as the proof of a deployment.
 */
import { type ChangeReason, type GateKind, gateKinds } from "../../engine/provenance.ts";
import type { GitHubClient } from "./client.ts";

export interface DeploymentRecord {
  readonly environment: string;
  readonly workflow: string;
  readonly cluster: string;
  /** Ids and hashes of the release. */
  readonly release: string;
  readonly fingerprint: string;
  readonly digest: string;
  readonly commit: string;
  /** Absent in what earlier versions wrote. The commit of a rollback is that of its run, not of the release. */
  readonly reason?: ChangeReason;
  /** The gates that the deployment was to pass; absent in what earlier versions wrote. */
  readonly gates?: readonly GateKind[];
  readonly run: { readonly id: number; readonly attempt: number };
}

export type DeploymentState =
  | "success"
  | "failure"
  | "error"
  | "inactive"
  | "in_progress"
  | "queued"
  | "pending";

export interface RecordedDeployment {
  readonly id: number;
  readonly record: DeploymentRecord;
  readonly state: DeploymentState;
  readonly createdAtMs: number;
  /** Login of whoever the token belongs to. */
  readonly creator: string | undefined;
}

/** Projects share clusters, and GitHub ends an environment's earlier deployments: each pair has its own. */
export function environmentName(workflow: string, cluster: string): string {
  return `${workflow}/${cluster}`;
}

/** How far back a record is looked for: each run on a cluster leaves one. */
const lookedThrough = 30;

/** The newest first; what another program wrote into the same environment is left out. */
export async function* listDeployments(
  client: GitHubClient,
  environment: string,
): AsyncGenerator<RecordedDeployment> {
  const { octokit, repository } = client;
  const { data } = await octokit.rest.repos.listDeployments({
    ...repository,
    environment,
    per_page: lookedThrough,
  });
  for (const { id, payload, created_at: createdAt, creator } of data) {
    const record = parseRecord(payload);
    if (record?.environment !== environment) continue;
    yield {
      id,
      record,
      state: await lastState(client, id),
      createdAtMs: Date.parse(createdAt),
      creator: creator?.login,
    };
  }
}

export async function lastState(
  { octokit, repository }: GitHubClient,
  deployment: number,
): Promise<DeploymentState> {
  const request = { ...repository, deployment_id: deployment, per_page: 1 };
  const { data } = await octokit.rest.repos.listDeploymentStatuses(request);
  return (data[0]?.state ?? "pending") as DeploymentState;
}

/**
 * Who put this release on this cluster last, however that ended; else a deployment that was superseded since and may
 * have been put back. Undefined when GitHub knows of none.
 */
export async function findDeployment(
  client: GitHubClient,
  environment: string,
  release: string,
): Promise<RecordedDeployment | undefined> {
  let superseded: RecordedDeployment | undefined;
  for await (const deployment of listDeployments(client, environment)) {
    if (deployment.record.release !== release) continue;
    if (deployment.state !== "inactive") return deployment;
    superseded ??= deployment;
  }
  return superseded;
}

function parseRecord(payload: unknown): DeploymentRecord | undefined {
  let value = payload;
  if (typeof payload === "string") {
    try {
      value = JSON.parse(payload);
    } catch {
      return undefined;
    }
  }
  const { environment, workflow, cluster, release, fingerprint, digest, commit, run, gates, reason } =
    (value ?? {}) as Record<string, unknown>;
  const texts = [environment, workflow, cluster, release, fingerprint, digest, commit];
  const { id, attempt } = (run ?? {}) as Record<string, unknown>;
  if (!texts.every((text) => typeof text === "string")) return undefined;
  if (typeof id !== "number" || typeof attempt !== "number") return undefined;
  if (reason !== undefined && reason !== "deploy" && reason !== "rollback") return undefined;
  const isKind = (gate: unknown) => gateKinds.some((kind) => kind === gate);
  if (gates !== undefined && !(Array.isArray(gates) && gates.every(isKind))) return undefined;
  return value as DeploymentRecord;
}
