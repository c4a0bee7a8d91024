import { hash } from "node:crypto";
import type { TaskIdentifier } from "../engine/task-identifier.ts";
import type { Entrypoint } from "../project/project.ts";
import type { Manifest } from "./manifest.ts";
import { compareUtf8 } from "./path-rules.ts";

/** Raised whenever the same files would give another digest or fingerprint. */
export const formatVersion = 1;

export interface ReleaseContent {
  readonly manifest: Manifest;
  readonly entrypoint: Entrypoint;
  /** In any order. */
  readonly tasks: readonly TaskIdentifier[];
}

/**
 * The identity of what a release record says beside the bytes of its artifact, which the digest covers. Two builds
 * with one digest and one fingerprint are the same release.
 *
 * It is the sha256, in lower-case hex, of the UTF-8 bytes of this JSON text, written without spaces:
 *
 *     ["workflow-release",FORMAT,[PATH,...],["runner","MODULE:OBJECT"],[[NAME,VERSION],...]]
 *
 * FORMAT is the format version, a number. The paths are in byte order, as in the manifest. A project with a command
 * has ["command",ARGUMENT,...] in the fourth place. Tasks are sorted by name, then version, by their bytes.
 * Strings are escaped as JSON.stringify escapes them (RFC 8785 agrees).
 */
export function fingerprint({ manifest, entrypoint, tasks }: ReleaseContent): string {
  const start =
    entrypoint.kind === "runner" ? ["runner", entrypoint.objectPath] : ["command", ...entrypoint.argv];
  const sorted = tasks
    .toSorted((a, b) => compareUtf8(a.name, b.name) || compareUtf8(a.version, b.version))
    .map(({ name, version }) => [name, version]);
  const paths = manifest.map((entry) => entry.path);
  return hash("sha256", JSON.stringify(["workflow-release", formatVersion, paths, start, sorted]));
}
