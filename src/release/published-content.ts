import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Workflow, WorkflowRelease } from "../api/gen/workflows/v1/workflows_pb.ts";
import { fingerprint, formatVersion } from "../artifact/fingerprint.ts";
import type { CheckedContent } from "../build/build.ts";
import type { PackedProject } from "../build/pack-project.ts";
import { sortIdentifiers } from "../engine/task-identifier.ts";
import { ReleaseError, UserError } from "../errors.ts";
import type { PublishedRelease } from "./publish.ts";
import { recordDifferences } from "./publisher/content-differences.ts";
import type { ReleaseApi } from "./release-api.ts";
import { toDeployedRelease } from "./release-id.ts";

/** A release that has the content of the checkout, and what it says about it. */
export interface PublishedContent {
  readonly release: PublishedRelease;
  readonly content: CheckedContent;
}

export interface ContentLookup {
  readonly published: PublishedContent | undefined;
  /** Ids of all that fit. */
  readonly fitting: readonly string[];
  /** The release that was published last, to compare with. */
  readonly newest: PublishedRelease | undefined;
}

/**
 * Looks for the release that a build of this content would be, so that nothing needs to be built. Finds none also
 * where there is no such workflow.
 *
 * A release with this digest has these bytes. When the fingerprint of our file tree, our entry point and the tasks
 * that the release records is the one that it was published with, then those tasks were found by a worker that the
 * same entry point started in the same bytes. Where several releases fit (without a uv.lock one content can have
 * other tasks later) only a build can tell which one is meant, so none is answered.
 *
 * @param recorded Asked where no release has this digest: ids of releases that are recorded to have it, on a server
 *   that has a digest of its own. What such a release says of its files and its entry point has to agree.
 */
export async function lookUpContent(
  api: ReleaseApi,
  packed: PackedProject,
  signal: AbortSignal,
  recorded?: () => Promise<ReadonlySet<string>>,
): Promise<ContentLookup> {
  const releases = (await readWorkflow(api, packed.project.slug, signal))?.releases ?? [];
  let fitting = releases.flatMap((release) => fit(release, packed));
  if (releases.length > 0 && !releases.some(({ artifact }) => artifact?.digest === packed.digest)) {
    const ids = (await recorded?.()) ?? new Set<string>();
    fitting = releases.flatMap((release) => fitRecorded(release, ids, packed));
  }
  // Ids begin with the time of their making.
  const newest = releases.map(toPublished).sort((a, b) => (a.id < b.id ? 1 : -1))[0];
  const [only, ...others] = fitting;
  return {
    published: others.length === 0 ? only : undefined,
    fitting: fitting.map(({ release }) => release.id),
    newest,
  };
}

/** Why a run that must not build cannot tell which release is meant. */
export function severalHave({ project, digest }: PackedProject, fitting: readonly string[]): UserError {
  const message = `${fitting.length} releases of ${project.slug} have this content (digest ${digest}) with other tasks each: ${fitting.join(", ")}`;
  return new UserError("release-not-found", message, {
    next: "Name the one that is meant by its id (release: ID), and commit a uv.lock, so that one content has one release.",
  });
}

/** Why a run that must not build stops. */
export async function noReleaseHas(
  api: ReleaseApi,
  { project, digest }: PackedProject,
  clusters: readonly string[],
  signal: AbortSignal,
): Promise<UserError> {
  const content = `this content (digest ${digest})`;
  if (await api.hasArtifactEndpoint(signal)) {
    const message = `No release of ${project.slug} has ${content}, and none may be built`;
    return new UserError("release-not-found", message, {
      next: "Publish this commit first, or let this run build it (release: auto).",
    });
  }
  const where = clusters.length === 0 ? "and no cluster is named" : `of ${clusters.join(", ")}`;
  const message = `No release of ${project.slug} is recorded to have ${content}, and none may be built: the server has digests of its own, so what counts are the GitHub Deployments ${where}`;
  return new UserError("release-not-found", message, {
    next: "Let a push with deployments: write deploy this commit first, name the release's id, or let this run build it (release: auto).",
  });
}

async function readWorkflow(
  api: ReleaseApi,
  workflowSlug: string,
  signal: AbortSignal,
): Promise<Workflow | undefined> {
  try {
    return await api.workflows.getWorkflow({ workflowSlug }, { signal });
  } catch (error) {
    // Publishing creates it, or says that there is none.
    if (error instanceof ReleaseError && error.code === "workflow-not-found") return undefined;
    throw error;
  }
}

function fit(release: WorkflowRelease, packed: PackedProject): PublishedContent[] {
  if (release.artifact?.digest !== packed.digest) return [];
  const content = contentOf(release, packed);
  return release.content?.fingerprint === content.fingerprint
    ? [{ release: toPublished(release), content }]
    : [];
}

function fitRecorded(
  release: WorkflowRelease,
  recorded: ReadonlySet<string>,
  packed: PackedProject,
): PublishedContent[] {
  const known = toPublished(release);
  if (!recorded.has(known.id)) return [];
  const content = contentOf(release, packed);
  if (content.tasks.length === 0 || recordDifferences(content, release).length > 0) return [];
  return [{ release: { ...known, digest: packed.digest }, content }];
}

function contentOf(release: WorkflowRelease, packed: PackedProject): CheckedContent {
  const { manifest, measured, digest } = packed;
  const { entrypoint, slug } = packed.project;
  const tasks = sortIdentifiers(release.content?.tasks.map(({ name, version }) => ({ name, version })) ?? []);
  const content = { manifest, entrypoint, tasks };
  return { formatVersion, slug, ...content, digest, fingerprint: fingerprint(content), measured };
}

function toPublished(release: WorkflowRelease): PublishedRelease {
  const { createdAt } = release;
  return {
    ...toDeployedRelease(release),
    outcome: "reused",
    ...(createdAt === undefined ? {} : { publishedAtMs: timestampMs(createdAt) }),
  };
}
