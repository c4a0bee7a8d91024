/** Receives, keeps and gives out artifacts, whatever they come over. Nothing is kept that was not verified. */
import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { contractLimitBytes, parseContractText } from "../engine/contract.ts";
import { SystemError, UserError } from "../errors.ts";
import type { Artifact, ArtifactStore } from "../store/artifact-port.ts";
import type { BlobStore, IncomingBlob } from "./blobs.ts";
import type { ArtifactFigures } from "./figures.ts";

/** Reads a `.tar.zst` to its end. Throws artifact-mismatch, artifact-invalid or artifact-too-large. */
export type VerifyArchive = (
  archive: AsyncIterable<Uint8Array>,
  digest: string,
) => Promise<{ readonly tarSizeBytes: number; readonly fileCount: number }>;

interface RoomLimits {
  /** Of the compressed archive. What it unpacks to is bounded by the verification. */
  readonly maxArchiveSizeBytes: number;
  /** Each holds a decompressor and an open file. */
  readonly maxUploads: number;
}

export interface ArtifactRoom {
  /** Throws request-invalid for something that is no digest. */
  find(digest: string): Promise<Artifact | undefined>;
  /**
   * Finds it for somebody who will publish it instead of uploading it again: retention leaves it alone for as
   * long as one that was just uploaded. Throws as `find` does; artifact-busy while it is being removed.
   */
  use(digest: string): Promise<Artifact | undefined>;
  /**
   * Reads the archive, keeps it when its content has this digest, and answers with its record: the first
   * one's when two uploads of one digest race. Throws what the verification throws, api-limit when too
   * many uploads are under way, artifact-busy while the same one is being removed, and whatever the archive's
   * reading throws; then nothing is kept.
   */
  receive(digest: string, archive: AsyncIterable<Uint8Array>): Promise<Artifact>;
  /** Throws artifact-not-found. The caller destroys the stream when it does not read it to its end. */
  open(digest: string): Promise<{ readonly artifact: Artifact; readonly archive: Readable }>;
  /** Keeps the first task contract of a fingerprint. Throws request-invalid for what is none. */
  keepContract(fingerprint: string, json: string): Promise<void>;
  findContract(fingerprint: string): Promise<string | undefined>;
}

export interface ArtifactRoomDeps {
  readonly store: ArtifactStore;
  readonly blobs: BlobStore;
  readonly verify: VerifyArchive;
  readonly limits: RoomLimits;
  readonly figures: ArtifactFigures;
}

export function createArtifactRoom(deps: ArtifactRoomDeps): ArtifactRoom {
  const { store, blobs, limits, figures } = deps;
  let uploads = 0;
  // A record whose file is gone (a data folder restored in part) is mended by uploading it again.
  const whole = async (artifact: Artifact | undefined) =>
    artifact !== undefined && (await blobs.has(artifact.archiveSha256)) ? artifact : undefined;
  const find = async (digest: string) => {
    requireDigest(digest);
    return await whole(await store.findArtifact({ digest }));
  };
  return {
    find,
    async use(digest) {
      requireDigest(digest);
      return await whole(await store.useArtifact(digest));
    },
    async receive(digest, archive) {
      requireDigest(digest);
      if (uploads >= limits.maxUploads) {
        throw new SystemError("api-limit", `${uploads} uploads are under way, which is the limit`);
      }
      uploads++;
      try {
        return await receive(deps, digest, archive);
      } finally {
        uploads--;
      }
    },
    async open(digest) {
      const artifact = await find(digest);
      if (artifact === undefined) throw new UserError("artifact-not-found", `There is no artifact ${digest}`);
      const archive = await blobs.read(artifact.archiveSha256);
      archive.once("end", () => {
        figures.sentBytes += artifact.archiveSizeBytes;
      });
      return { artifact, archive };
    },
    async keepContract(fingerprint, json) {
      requireDigest(fingerprint);
      if (parseContractText(json) === undefined) {
        const limit = `of at most ${contractLimitBytes} bytes`;
        throw new UserError("request-invalid", `The body is no task contract ${limit}`);
      }
      await store.addContract({ fingerprint, json });
    },
    async findContract(fingerprint) {
      requireDigest(fingerprint);
      return await store.findContract(fingerprint);
    },
  };
}

async function receive(
  { store, blobs, verify, limits, figures }: ArtifactRoomDeps,
  digest: string,
  archive: AsyncIterable<Uint8Array>,
): Promise<Artifact> {
  const blob = await blobs.begin();
  const tap = new Tap(blob, limits.maxArchiveSizeBytes);
  try {
    const { tarSizeBytes, fileCount } = await verify(tap.through(archive), digest);
    const { archiveSha256, archiveSizeBytes } = tap.finish();
    await blob.keep(archiveSha256);
    figures.receivedBytes += archiveSizeBytes;
    const artifact = await store.addArtifact({
      digest,
      tarSizeBytes,
      fileCount,
      archiveSha256,
      archiveSizeBytes,
    });
    if (artifact.archiveSha256 !== archiveSha256) await dropLoser(blobs, artifact, archiveSha256);
    return artifact;
  } catch (thrown) {
    // A connection that broke is not an archive that is invalid, whatever the verification made of it.
    throw tap.failure ?? thrown;
  } finally {
    await blob.discard();
  }
}

/** The same tar, compressed to other bytes: the first upload's file is the one that the record names. */
async function dropLoser(blobs: BlobStore, winner: Artifact, archiveSha256: string): Promise<void> {
  await blobs.remove(archiveSha256);
  if (await blobs.has(winner.archiveSha256)) return;
  throw new SystemError(
    "store-failed",
    `The file of artifact ${winner.digest} is missing, and this archive is not that file (sha256 ${winner.archiveSha256})`,
  );
}

/** Writes down, counts and hashes what passes. */
class Tap {
  readonly #blob: IncomingBlob;
  readonly #maxBytes: number;
  readonly #hash = createHash("sha256");
  #sizeBytes = 0;
  #ended = false;
  /** What kept the bytes from being read or written. */
  failure: unknown;

  constructor(blob: IncomingBlob, maxBytes: number) {
    this.#blob = blob;
    this.#maxBytes = maxBytes;
  }

  async *through(archive: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of archive) {
        this.#sizeBytes += chunk.length;
        if (this.#sizeBytes > this.#maxBytes) throw archiveTooLarge(this.#maxBytes);
        this.#hash.update(chunk);
        await this.#blob.write(chunk);
        yield chunk;
      }
      this.#ended = true;
    } catch (thrown) {
      this.failure = thrown;
      throw thrown;
    }
  }

  finish() {
    // Bytes that the verification did not ask for would be kept unseen.
    if (!this.#ended) throw new SystemError("internal", "The archive was not read to its end");
    return { archiveSha256: this.#hash.digest("hex"), archiveSizeBytes: this.#sizeBytes };
  }
}

export function archiveTooLarge(maxBytes: number): UserError {
  return new UserError(
    "artifact-too-large",
    `The archive has more than the ${maxBytes} bytes that are accepted`,
  );
}

function requireDigest(digest: string): void {
  if (/^[0-9a-f]{64}$/.test(digest)) return;
  throw new UserError("request-invalid", "A digest or fingerprint has 64 lower-case hexadecimal characters");
}
