import type { Workflow, WorkflowRelease } from "../api/gen/workflows/v1/workflows_pb.ts";
import type { Build } from "../build/build.ts";
import { ReleaseError, SystemError, UserError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { DeployedRelease } from "./deploy-plan.ts";
import { createEndpointPublisher } from "./publisher/artifact-endpoint.ts";
import { recordDifferences } from "./publisher/content-differences.ts";
import type { PublishedRecord, Publisher } from "./publisher/publisher.ts";
import type { ReleaseApi } from "./release-api.ts";
import { toDeployedRelease } from "./release-id.ts";

export interface PublishedRelease extends DeployedRelease {
  readonly outcome: "created" | "reused";
  /** Known of a release that was there before. */
  readonly publishedAtMs?: number;
}

export interface PublishOptions {
  readonly createWorkflow: boolean;
  /** Undefined is the artifact endpoint, for a control plane that is known to be ours. */
  readonly publisher?: Publisher;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/**
 * Makes the build a release of its workflow: the one that has this content already, else a new one.
 * A lost answer is harmless, because publishing the same content again finds the release.
 * @throws UserError workflow-not-found; SystemError publish-mismatch when the server's record differs from
 *   the build; what the publisher throws; whatever the server answered otherwise.
 */
export async function publishBuild(
  api: ReleaseApi,
  build: Build,
  options: PublishOptions,
): Promise<PublishedRelease> {
  const workflow = await findWorkflow(api, build.slug, options);
  const existing = findRelease(workflow, build);
  if (existing !== undefined) return { ...toDeployedRelease(existing), outcome: "reused" };
  const publisher = options.publisher ?? createEndpointPublisher(api, options);
  const record = await publisher.publish(build);
  const readBack = await api.workflows.getWorkflow({ workflowSlug: build.slug }, { signal: options.signal });
  const release = requireSameContent(record, readBack, build);
  const isOld = workflow.releases.some((known) => toDeployedRelease(known).id === release.id);
  return { ...release, outcome: isOld ? "reused" : "created" };
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

/** A server that stores something else than was published must not have it deployed. */
function requireSameContent(record: PublishedRecord, workflow: Workflow, build: Build): DeployedRelease {
  const stored = workflow.releases.find((release) => toDeployedRelease(release).id === record.id);
  const differences: string[] = [];
  if (stored === undefined) differences.push(`release ${record.id} is not in the workflow's list`);
  else {
    const compare = (what: string, sent: string, kept = "") => {
      if (sent !== kept) differences.push(`${what}: published ${sent}, stored ${kept || "nothing"}`);
    };
    if (record.digest !== undefined) compare("artifact digest", record.digest, stored.artifact?.digest);
    compare("fingerprint", record.fingerprint, stored.content?.fingerprint);
    differences.push(...recordDifferences(build, stored));
  }
  if (stored === undefined || differences.length > 0) {
    throw new SystemError("publish-mismatch", "The server's record differs from what was published", {
      problems: differences.map((message) => ({ message })),
    });
  }
  // Where the server has an address of its own, ours is what later runs look for.
  return { ...toDeployedRelease(stored), digest: build.digest };
}
