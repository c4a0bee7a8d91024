/** Deployment records from GitHub Deployments: what is known where the control plane keeps no history. */
import type { GateKind } from "../../engine/provenance.ts";
import { SystemError } from "../../errors.ts";
import type { DeploymentRecord, DeploymentRecords, GateRecord } from "../../release/deployment-records.ts";
import type { GitHubClient } from "./client.ts";
import {
  type DeploymentState,
  environmentName,
  findDeployment,
  listDeployments,
  type RecordedDeployment,
} from "./deployment-record.ts";
import { githubTrouble } from "./trouble.ts";

/** @throws SystemError api-failed when GitHub does not tell: that is not the same as knowing of none. */
export function githubRecords(client: () => Promise<GitHubClient>, serverUrl: string): DeploymentRecords {
  return {
    find: (workflow, cluster, release) =>
      reading(client, async (github) => {
        const found = await findDeployment(github, environmentName(workflow, cluster), release);
        return found && toRecord(found, github, serverUrl);
      }),
    list: (workflow, cluster) =>
      reading(client, async (github) => {
        const records: DeploymentRecord[] = [];
        for await (const found of listDeployments(github, environmentName(workflow, cluster))) {
          records.push(toRecord(found, github, serverUrl));
        }
        return records;
      }),
  };
}

async function reading<T>(
  client: () => Promise<GitHubClient>,
  work: (github: GitHubClient) => Promise<T>,
): Promise<T> {
  try {
    return await work(await client());
  } catch (cause) {
    const trouble = githubTrouble(cause, "deployments: read");
    throw new SystemError("api-failed", `The GitHub Deployments could not be read: ${trouble}`, {
      cause,
      next: 'Give the job "permissions: deployments: read", or run again.',
    });
  }
}

function toRecord(
  { record, state, createdAtMs, creator }: RecordedDeployment,
  { repository }: GitHubClient,
  serverUrl: string,
): DeploymentRecord {
  const { workflow, cluster, release, digest, commit, run, reason, gates = [] } = record;
  // A deployment is ended with success when all its gates have passed, and only then.
  const hasPassed = state === "success" || state === "inactive";
  const name = `${repository.owner}/${repository.repo}`;
  const url = `${serverUrl}/${name}/actions/runs/${run.id}/attempts/${run.attempt}`;
  return {
    ...{ workflow, cluster, release, digest, commit },
    run: { ...run, url },
    repository: name,
    ...(reason === undefined ? {} : { reason }),
    ...(creator === undefined ? {} : { actor: creator }),
    atMs: createdAtMs,
    outcome: outcomes[state],
    ...(record.gates === undefined ? {} : { plannedGates: gates }),
    gates: hasPassed ? gates.map((gate) => passedGate(gate, createdAtMs)) : [],
  };
}

function passedGate(gate: GateKind, atMs: number): GateRecord {
  return { gate, outcome: "passed", message: "the GitHub Deployment ended with success", tookMs: 0, atMs };
}

const outcomes: Record<DeploymentState, DeploymentRecord["outcome"]> = {
  success: "succeeded",
  failure: "failed",
  error: "failed",
  inactive: "superseded",
  in_progress: "unfinished",
  queued: "unfinished",
  pending: "unfinished",
};
