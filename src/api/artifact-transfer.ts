/**
 * Bytes of artifacts, and the task contracts beside them. The public contract has no call for either, so a control
 * plane of this product adds plain HTTP: HEAD, PUT and GET /artifacts/DIGEST, PUT and GET /contracts/FINGERPRINT.
 * The same methods are also served within the process.
 */
import type { Readable } from "node:stream";
import type { ArtifactId } from "../engine/id.ts";

export interface StoredArtifact {
  readonly id: ArtifactId;
  /** sha256 of the uncompressed tar, lower-case hex. */
  readonly digest: string;
  /** Of the stored `.tar.zst`, which need not be the file that was uploaded: another one may have been first. */
  readonly archiveSha256: string;
  readonly archiveSizeBytes: number;
}

/** An archive on disk, to be sent. */
interface LocalArchive {
  readonly digest: string;
  readonly archivePath: string;
  readonly sizeBytes: number;
}

interface ArtifactUpload {
  /** What PublishWorkflowRelease takes, as it takes it. */
  readonly artifactId: Uint8Array;
  /** False when the control plane had the digest already, so that nothing was sent. */
  readonly uploaded: boolean;
}

interface ArtifactDownload extends StoredArtifact {
  /**
   * The `.tar.zst`, exactly `archiveSizeBytes` long: it fails when the connection gives more or less. Its
   * content is not verified; unpacking does that. Destroy it when it is not read to its end.
   */
  readonly archive: Readable;
}

/** All methods throw errors of the table, among them artifact-not-found and artifact-mismatch. */
export interface ArtifactTransfer {
  /** False for a server of the public API without these calls, such as the hosted service. */
  hasArtifactEndpoint(signal?: AbortSignal): Promise<boolean>;
  findArtifact(digest: string, signal?: AbortSignal): Promise<StoredArtifact | undefined>;
  /** Sends nothing when the digest is there already. */
  uploadArtifact(archive: LocalArchive, signal?: AbortSignal): Promise<ArtifactUpload>;
  /** Throws artifact-too-large, before anything is read, for an archive of more than `maxSizeBytes`. */
  downloadArtifact(digest: string, maxSizeBytes: number, signal?: AbortSignal): Promise<ArtifactDownload>;
  /** Keeps the first task contract of a release's fingerprint; false where the control plane keeps none. */
  keepContract(fingerprint: string, json: string, signal?: AbortSignal): Promise<boolean>;
  /** As it was kept, unverified; undefined where there is none. */
  findContract(fingerprint: string, signal?: AbortSignal): Promise<string | undefined>;
}

/** What every answer about an artifact says, in headers because HEAD has no body. */
export const artifactIdHeader = "artifact-id";
export const artifactSizeHeader = "artifact-size";
export const artifactSha256Header = "artifact-sha256";

export const archiveContentType = "application/zstd";

export function artifactPath(digest: string): string {
  return `/artifacts/${digest}`;
}

export function contractPath(fingerprint: string): string {
  return `/contracts/${fingerprint}`;
}
