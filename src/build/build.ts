import type { ArchiveFile } from "../artifact/archive-writer.ts";
import type { Manifest } from "../artifact/manifest.ts";
import type { TaskContract } from "../engine/contract.ts";
import type { TaskIdentifier } from "../engine/task-identifier.ts";
import type { Entrypoint } from "../project/project.ts";

/** A project's files as an artifact has them, and the tasks of the worker in it: what a release says. */
export interface CheckedContent {
  /** Raised whenever the same files would give another digest or fingerprint. */
  readonly formatVersion: 1;
  readonly slug: string;
  readonly entrypoint: Entrypoint;
  readonly manifest: Manifest;
  /** sha256 of the uncompressed tar, lower-case hex: the content's address. */
  readonly digest: string;
  /** sha256 over format version, file tree, entry point and sorted task identifiers. */
  readonly fingerprint: string;
  /** Sorted by name, then version, by bytes. */
  readonly tasks: readonly TaskIdentifier[];
  readonly measured: PackMeasurements;
}

/** A project packed and checked, not yet published. Also written as build.json beside the archive. */
export interface Build extends CheckedContent {
  readonly archive: ArchiveFile;
  /** Of the tasks; what of it was not read is unknown and no part of what the release is. */
  readonly contract: TaskContract;
  readonly measured: BuildMeasurements;
  /**
   * What a person should know though the build succeeded: a missing uv.lock, an ignored tracked file. What is said of
   * the worker's end comes later, see `ProvenBuild`.
   */
  readonly notices: readonly string[];
}

/** A build whose worker may still be about to end. */
export interface ProvenBuild {
  readonly build: Build;
  /** Resolves once nothing of the build is under way any more, with the notices that came late. Never rejects. */
  readonly settled: Promise<readonly string[]>;
}

export interface PackMeasurements {
  readonly tarSizeBytes: number;
  readonly packMs: number;
}

export interface BuildMeasurements extends PackMeasurements {
  readonly discoverMs: number;
}
