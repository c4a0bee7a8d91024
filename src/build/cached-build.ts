import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ArchiveFile } from "../artifact/archive-writer.ts";
import { fingerprint, formatVersion } from "../artifact/fingerprint.ts";
import type { Manifest } from "../artifact/manifest.ts";
import { compareManifests, type ManifestChanges } from "../artifact/manifest-changes.ts";
import { messageOf } from "../errors.ts";
import { archiveName } from "../project/selection.ts";
import type { Build, ProvenBuild } from "./build.ts";
import { buildFileName, writeBuildFile } from "./build-file.ts";
import type { BuildOptions } from "./build-project.ts";
import type { BuildCache } from "./cache/build-cache.ts";
import type { CacheEntry } from "./cache/entry.ts";
import { type CacheMiss, missText } from "./cache/miss.ts";
import type { PackedProject } from "./pack-project.ts";

/** Where a build comes from, and why. */
export type BuildOrigin =
  | { readonly kind: "cache"; readonly builtAtMs: number }
  | { readonly kind: "built"; readonly miss: CacheMiss; readonly changes: ContentChanges | undefined };

/** What is not as it was the last time. */
export interface ContentChanges extends ManifestChanges {
  readonly since: { readonly kind: "release"; readonly id: string } | { readonly kind: "build" };
}

export interface CachedBuildOptions extends BuildOptions {
  /** A cache, or why there is none for this run. */
  readonly cache: BuildCache | CacheMiss;
  /** A release is published from bytes of the checkout alone: then the archive of an entry is not used. */
  readonly publishes: boolean;
}

/**
 * The build of exactly this content: from the cache where it has one, else proven now and, while what follows goes on,
 * kept for the next run. What comes out is the same either way.
 *
 * @throws ReleaseError of writing, starting or checking; never for the cache's sake
 */
export async function buildOrReuse(
  packed: PackedProject,
  options: CachedBuildOptions,
): Promise<ProvenBuild & { readonly origin: BuildOrigin }> {
  const { cache, log, signal } = options;
  const found = "kind" in cache ? cache : await cache.find(packed);
  signal.throwIfAborted();
  if (found.kind === "entry") {
    const build = await buildFromEntry(packed, found.entry, options);
    const origin: BuildOrigin = { kind: "cache", builtAtMs: found.entry.builtAtMs };
    return { build, origin, settled: Promise.resolve([]) };
  }
  log.info(missText(found));
  const changes = await changesSinceLastBuild(packed, options.outputFolder);
  // Loaded here with all that starts a worker.
  const { buildPacked } = await import("./build-project.ts");
  const { build, settled } = await buildPacked(packed, options);
  const origin: BuildOrigin = { kind: "built", miss: found, changes };
  if ("kind" in cache) return { build, origin, settled };
  return { build, origin, settled: settled.then((late) => keep(packed, build, late, { ...options, cache })) };
}

/** An entry has the late notices too, so that a build from it says the same. */
async function keep(
  packed: PackedProject,
  build: Build,
  late: readonly string[],
  { cache, log, signal }: BuildOptions & { readonly cache: BuildCache },
): Promise<readonly string[]> {
  if (signal.aborted) return late;
  const whole = { ...build, notices: [...build.notices, ...late] };
  const trouble = await cache.keep(packed, whole).catch(messageOf);
  if (trouble !== undefined) log.info(`not kept in the cache: ${trouble}`);
  return late;
}

/** Only what the worker said is taken from the entry, and the archive; all else is computed from the checkout. */
async function buildFromEntry(
  packed: PackedProject,
  entry: CacheEntry,
  { outputFolder, publishes }: CachedBuildOptions,
): Promise<Build> {
  const { manifest, digest, measured, project } = packed;
  const { slug, entrypoint } = project;
  const path = join(outputFolder, archiveName(slug));
  const archive = publishes ? await packed.writeArchive() : await placeArchive(entry, path);
  const build: Build = {
    formatVersion,
    slug,
    entrypoint,
    manifest,
    digest,
    fingerprint: fingerprint({ manifest, entrypoint, tasks: entry.tasks }),
    tasks: entry.tasks,
    contract: entry.contract,
    archive,
    measured: { ...measured, discoverMs: 0 },
    notices: [...packed.notices, ...entry.notices],
  };
  if (!(await isDescribed(build, outputFolder))) await writeBuildFile(outputFolder, build);
  return build;
}

/** On a laptop the last build's archive is most often still there. */
async function placeArchive({ archive, archiveSha256 }: CacheEntry, path: string): Promise<ArchiveFile> {
  const there = await readFile(path).catch(() => undefined);
  if (there === undefined || !there.equals(archive)) {
    const folder = join(path, "..");
    await mkdir(folder, { recursive: true });
    await rm(join(folder, buildFileName), { force: true });
    const staging = `${path}.partial`;
    await writeFile(staging, archive);
    await rename(staging, path);
  }
  return { path, sha256: archiveSha256, sizeBytes: archive.length };
}

/** Whether build.json is that of this build; it is large, and seldom another one. */
async function isDescribed({ digest, fingerprint }: Build, outputFolder: string): Promise<boolean> {
  const json = await readFile(join(outputFolder, buildFileName)).catch(() => Buffer.alloc(0));
  return json.includes(digest) && json.includes(fingerprint);
}

/** By the build.json that the build before left, which is there on a laptop and not on a runner of GitHub. */
async function changesSinceLastBuild(
  packed: PackedProject,
  outputFolder: string,
): Promise<ContentChanges | undefined> {
  try {
    const before: { readonly slug: string; readonly manifest: Manifest } = JSON.parse(
      await readFile(join(outputFolder, buildFileName), "utf8"),
    );
    if (before.slug !== packed.project.slug) return undefined;
    return { since: { kind: "build" }, ...compareManifests(before.manifest, packed.manifest) };
  } catch {
    return undefined;
  }
}
