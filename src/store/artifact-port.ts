import type { ArtifactId } from "../engine/id.ts";

/** What is known of the artifacts whose bytes lie in the blob store. */
export interface ArtifactStore {
  /**
   * Call it when the bytes are verified and durable. A digest that is known keeps its first record. Throws
   * artifact-busy while an artifact of this digest is being removed.
   */
  addArtifact(artifact: NewArtifact): Promise<Artifact>;
  findArtifact(by: { readonly id: ArtifactId } | { readonly digest: string }): Promise<Artifact | undefined>;
  /** Finds it for somebody who relies on it to stay: it counts as used now. Throws artifact-busy as addArtifact does. */
  useArtifact(digest: string): Promise<Artifact | undefined>;
  /** Keeps the task contract (JSON) of the releases with this fingerprint. One that is known stays as it is. */
  addContract(contract: { readonly fingerprint: string; readonly json: string }): Promise<void>;
  findContract(fingerprint: string): Promise<string | undefined>;
}

interface NewArtifact {
  /** sha256 of the uncompressed tar, 64 lower-case hex characters. */
  readonly digest: string;
  readonly tarSizeBytes: number;
  readonly fileCount: number;
  /** sha256 of the `.tar.zst` that is kept, 64 lower-case hex characters. */
  readonly archiveSha256: string;
  readonly archiveSizeBytes: number;
}

export interface Artifact extends NewArtifact {
  readonly id: ArtifactId;
  readonly createdAtMs: number;
}
