import type { Manifest, ManifestEntry } from "./manifest.ts";

/** Paths in byte order. */
export interface ManifestChanges {
  readonly added: readonly string[];
  /** Other content, another mode or another kind. */
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

export function compareManifests(before: Manifest, after: Manifest): ManifestChanges {
  const earlier = new Map(before.map((entry) => [entry.path, entry]));
  const added: string[] = [];
  const changed: string[] = [];
  for (const entry of after) {
    const old = earlier.get(entry.path);
    earlier.delete(entry.path);
    if (old === undefined) added.push(entry.path);
    else if (contentOf(old) !== contentOf(entry)) changed.push(entry.path);
  }
  return { added, changed, removed: [...earlier.keys()] };
}

function contentOf(entry: ManifestEntry): string {
  return `${entry.kind} ${entry.mode} ${entry.kind === "file" ? entry.sha256 : entry.target}`;
}
