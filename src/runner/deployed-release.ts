/** What a cluster has deployed, as this runner needs it. */
import type { Cluster, WorkflowRelease } from "../api/gen/workflows/v1/workflows_pb.ts";
import { idFromBytes, type ReleaseId } from "../engine/id.ts";
import { identifierProblems } from "../engine/registered-tasks.ts";
import type { TaskIdentifier } from "../engine/task-identifier.ts";
import type { Entrypoint } from "../project/project.ts";

export interface DeployedRelease {
  readonly id: ReleaseId;
  /** Slug of its workflow. */
  readonly workflow: string;
  /** sha256 of the artifact's tar. */
  readonly digest: string;
  readonly entrypoint: Entrypoint;
  readonly tasks: readonly TaskIdentifier[];
}

/** A release of which the control plane's record cannot be run, whatever the artifact holds. */
export interface RefusedRelease {
  readonly workflow: string;
  /** Empty when even that is missing. */
  readonly id: string;
  readonly reason: string;
}

export interface Deployment {
  readonly releases: readonly DeployedRelease[];
  readonly refused: readonly RefusedRelease[];
}

/** Reads a GetCluster answer. A workflow without a release, or with several, is not in the contract's form. */
export function readDeployment(cluster: Cluster): Deployment {
  const releases: DeployedRelease[] = [];
  const refused: RefusedRelease[] = [];
  for (const { slug: workflow, releases: deployed } of cluster.deployedReleases) {
    const [record] = deployed;
    if (record === undefined || deployed.length > 1) {
      refused.push({ workflow, id: "", reason: `the cluster has ${deployed.length} releases of it` });
      continue;
    }
    const read = readRelease(workflow, record);
    if ("reason" in read) refused.push(read);
    else releases.push(read);
  }
  return { releases, refused };
}

function readRelease(workflow: string, record: WorkflowRelease): DeployedRelease | RefusedRelease {
  const id = idFromBytes<"release">(record.id?.uuid ?? new Uint8Array());
  const refuse = (reason: string): RefusedRelease => ({ workflow, id: id ?? "", reason });
  if (id === undefined) return refuse("its record has no id");
  const digest = record.artifact?.digest ?? "";
  if (!/^[0-9a-f]{64}$/.test(digest)) return refuse("its record has no artifact digest");
  const { tasks = [], runnerObjectPath = "", commandOverride = [] } = record.content ?? {};
  const entrypoint = readEntrypoint(runnerObjectPath, commandOverride);
  if (entrypoint === undefined) return refuse("its record names neither a runner nor a command");
  const identifiers = tasks.map(({ name, version }) => ({ name, version }));
  const [problem] = identifierProblems(identifiers);
  if (problem !== undefined) return refuse(problem);
  if (identifiers.length === 0) return refuse("its record lists no task");
  return { id, workflow, digest, entrypoint, tasks: identifiers };
}

/** A command replaces the runner. [doc: ReleaseContent.command_override] */
function readEntrypoint(objectPath: string, command: readonly string[]): Entrypoint | undefined {
  const [program, ...args] = command;
  if (program !== undefined) return { kind: "command", argv: [program, ...args] };
  return objectPath === "" ? undefined : { kind: "runner", objectPath };
}
