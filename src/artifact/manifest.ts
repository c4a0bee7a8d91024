/** What an artifact holds: one entry a file, in byte order of the paths. Folders have no entries. */
export type ManifestEntry =
  | {
      readonly kind: "file";
      /** Relative to the project's root, with `/`, NFC or not exactly as on disk. */
      readonly path: string;
      readonly mode: 0o644 | 0o755;
      readonly sizeBytes: number;
      /** Lower-case hex. */
      readonly sha256: string;
    }
  | { readonly kind: "symlink"; readonly path: string; readonly mode: 0o777; readonly target: string };

export type Manifest = readonly ManifestEntry[];
