import { create } from "@bufbuild/protobuf";
import {
  PublishWorkflowReleaseRequestSchema,
  ReleaseContentSchema,
  type Workflow,
  type WorkflowRelease,
} from "../api/gen/workflows/v1/workflows_pb.ts";
import type { Build } from "../build/build.ts";
import { ReleaseError, SystemError, UserError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { DeployedRelease } from "./deploy-plan.ts";
import { fileTree } from "./file-tree.ts";
import type { ReleaseApi } from "./release-api.ts";
import { toDeployedRelease } from "./release-id.ts";

export interface PublishedRelease extends DeployedRelease {
  readonly outcome: "created" | "reused";
  /** Known of a release that was there before. */
  readonly publishedAtMs?: number;
}

export interface PublishOptions {
  readonly createWorkflow: boolean;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/**
 * Makes the build a release of its workflow: the one that has this content already, else a new one.
 * A lost answer is harmless, because publishing the same content again finds the release.
 * @throws UserError workflow-not-found; SystemError publish-mismatch when the control plane's record
 *   differs from the build; whatever the control plane answered otherwise.
 */
export async function publishBuild(
  api: ReleaseApi,
  build: Build,
  options: PublishOptions,
): Promise<PublishedRelease> {
  const workflow = await findWorkflow(api, build.slug, options);
  const existing = findRelease(workflow, build);
  if (existing !== undefined) return { ...toDeployedRelease(existing), outcome: "reused" };
  const { artifactId, uploaded } = await api.uploadArtifact(
    { digest: build.digest, archivePath: build.archive.path, sizeBytes: build.archive.sizeBytes },
    options.signal,
  );
  options.log.info(
    uploaded ? `Uploaded ${build.archive.sizeBytes} bytes` : "The control plane already has these bytes",
  );
  await keepContract(api, build, options);
  const request = create(PublishWorkflowReleaseRequestSchema, {
    workflowSlug: build.slug,
    artifactId: { uuid: artifactId },
    content: releaseContent(build),
  });
  const answer = await api.workflows.publishWorkflowRelease(request, { signal: options.signal });
  const readBack = await api.workflows.getWorkflow({ workflowSlug: build.slug }, { signal: options.signal });
  return { ...requireSameContent(answer, readBack, build), outcome: "created" };
}

/** Before the release exists, because whoever finds the release has no build to take a contract from. */
async function keepContract(api: ReleaseApi, build: Build, { signal, log }: PublishOptions): Promise<void> {
  const json = JSON.stringify(build.contract);
  try {
    if (await api.keepContract(build.fingerprint, json, signal)) return;
    log.info("The control plane keeps no task contracts: later releases are compared by names and versions");
  } catch (error) {
    signal.throwIfAborted();
    log.info(`The task contract was not kept: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function findWorkflow(api: ReleaseApi, slug: string, options: PublishOptions): Promise<Workflow> {
  try {
    return await api.workflows.getWorkflow({ workflowSlug: slug }, { signal: options.signal });
  } catch (error) {
    if (!(error instanceof ReleaseError) || error.code !== "workflow-not-found" || !options.createWorkflow)
      throw error;
  }
  const created = await api.workflows.createWorkflow({ name: slug }, { signal: options.signal });
  if (created.slug !== slug) {
    throw new UserError(
      "workflow-not-found",
      `The control plane made the workflow ${created.slug} instead of ${slug}`,
      {
        next: `Write slug = "${created.slug}" in tilebox.workflow.toml and run again.`,
      },
    );
  }
  options.log.info(`Created the workflow ${slug}`);
  return created;
}

function findRelease(workflow: Workflow, build: Build): WorkflowRelease | undefined {
  return workflow.releases.find(
    ({ artifact, content }) =>
      artifact?.digest === build.digest && content?.fingerprint === build.fingerprint,
  );
}

function releaseContent(build: Build) {
  return create(ReleaseContentSchema, {
    fingerprint: build.fingerprint,
    tasks: build.tasks.map(({ name, version }) => ({ name, version })),
    files: fileTree(build.manifest),
    ...(build.entrypoint.kind === "runner"
      ? { runnerObjectPath: build.entrypoint.objectPath }
      : { commandOverride: [...build.entrypoint.argv] }),
  });
}

/** A control plane that stores something else than was sent must not have it deployed. */
function requireSameContent(answer: WorkflowRelease, workflow: Workflow, build: Build): DeployedRelease {
  const id = toDeployedRelease(answer).id;
  const stored = workflow.releases.find((release) => toDeployedRelease(release).id === id);
  const differences: string[] = [];
  if (stored === undefined) differences.push(`release ${id} is not in the workflow's list`);
  else {
    const compare = (what: string, sent: string, kept: string) => {
      if (sent !== kept) differences.push(`${what}: sent ${sent}, stored ${kept || "nothing"}`);
    };
    const names = (tasks: readonly { name: string; version: string }[]) =>
      tasks
        .map(({ name, version }) => `${name}@${version}`)
        .sort()
        .join(", ");
    compare("artifact digest", build.digest, stored.artifact?.digest ?? "");
    compare("fingerprint", build.fingerprint, stored.content?.fingerprint ?? "");
    compare("tasks", names(build.tasks), names(stored.content?.tasks ?? []));
  }
  if (differences.length > 0) {
    throw new SystemError("publish-mismatch", "The control plane's record differs from what was published", {
      problems: differences.map((message) => ({ message })),
    });
  }
  return toDeployedRelease(answer);
}
