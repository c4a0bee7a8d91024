import { createHash, type Hash } from "node:crypto";
import { pipeline } from "node:stream/promises";
import { constants, createZstdDecompress } from "node:zlib";
import { type Extract, extract, type Header } from "tar-stream";
import { messageOf, ReleaseError, UserError } from "../errors.ts";
import type { ArtifactLimits } from "./limits.ts";
import type { Manifest, ManifestEntry } from "./manifest.ts";
import { compareUtf8, createPathLedger, linkFlaw, type PathLedger, pathFlaw } from "./path-rules.ts";
import {
  blockBytes,
  encodeHeader,
  endOfTar,
  paddingBytes,
  type TarEntry,
  writePlainHeader,
} from "./tar-header.ts";
import { createZstdFrameScanner } from "./zstd-frame.ts";

export interface VerifiedArtifact {
  readonly manifest: Manifest;
  /** sha256 of the uncompressed tar, lower-case hex. */
  readonly digest: string;
  readonly tarSizeBytes: number;
}

/** Takes the entries while they are read: checked one by one, but not yet known to have the digest they should. */
export interface EntrySink {
  symlink(path: string, target: string): void;
  /** The chunks of the file follow, then `endFile`. */
  beginFile(path: string, mode: 0o644 | 0o755): void;
  writeFile(chunk: Uint8Array): void;
  endFile(): void;
}

/** zstd's level 3 uses 2 MiB. What a reader sets aside must not depend on the word of the archive. */
const maxWindowLog = 23;

/**
 * Reads an archive as it arrives, keeps none of it, and says what it holds. An archive is accepted in the one form that
 * `packArtifact` writes: every entry is encoded again, and the tar that comes of it must be the same bytes. So
 * no two readers can see different files in it, and an accepted manifest is the whole content.
 *
 * @param archive The `.tar.zst`; an error of reading it is passed on as it is, and so is one of the sink.
 * @throws UserError artifact-invalid
 * @throws UserError artifact-too-large
 */
export async function readArtifact(
  archive: AsyncIterable<Uint8Array>,
  limits: ArtifactLimits,
  sink: EntrySink | undefined,
): Promise<VerifiedArtifact> {
  let archiveSizeBytes = 0;
  const frame = createZstdFrameScanner();
  const measured = async function* () {
    for await (const chunk of archive) {
      archiveSizeBytes += chunk.length;
      if (archiveSizeBytes > limits.maxArchiveSizeBytes)
        throw tooLarge("The archive", limits.maxArchiveSizeBytes);
      frame.scan(chunk);
      yield chunk;
    }
    frame.end();
  };
  const decompressor = createZstdDecompress({
    chunkSize: 256 * 1024,
    params: { [constants.ZSTD_d_windowLogMax]: maxWindowLog },
  });
  const reading: Reading = {
    limits,
    sink,
    headerBlock: Buffer.alloc(blockBytes),
    ledger: createPathLedger(),
    hash: createHash("sha256"),
  };
  try {
    return await pipeline(measured, decompressor, (chunks: AsyncIterable<Buffer>) =>
      readTar(chunks, reading),
    );
  } catch (error) {
    if (isZlibError(error)) throw invalid(`cannot be decompressed: ${error.message}`, error);
    throw error;
  }
}

interface Reading {
  readonly limits: ArtifactLimits;
  readonly sink: EntrySink | undefined;
  readonly headerBlock: Buffer;
  readonly ledger: PathLedger;
  /** Of the tar as we would write it. */
  readonly hash: Hash;
}

async function readTar(chunks: AsyncIterable<Buffer>, reading: Reading): Promise<VerifiedArtifact> {
  const entries = extract();
  const hash = createHash("sha256");
  let tarSizeBytes = 0;
  const feed = async () => {
    for await (const chunk of chunks) {
      tarSizeBytes += chunk.length;
      if (tarSizeBytes > reading.limits.maxTarSizeBytes)
        throw tooLarge("The tar", reading.limits.maxTarSizeBytes);
      hash.update(chunk);
      if (entries.destroyed) return;
      if (!entries.write(chunk)) await drained(entries);
    }
    entries.end(undefined);
  };
  let feedFailure: unknown;
  const feeding = feed().catch((error: unknown) => {
    feedFailure = error;
    entries.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  const manifest: ManifestEntry[] = [];
  try {
    for await (const entry of entries) {
      const checked = checkEntry(entry.header, manifest.at(-1)?.path, reading);
      if (manifest.length === reading.limits.maxFiles) throw tooMany(reading.limits);
      manifest.push(await readEntry(checked, entry as AsyncIterable<Uint8Array>, reading));
    }
  } catch (error) {
    if (feedFailure !== undefined) throw feedFailure;
    if (error instanceof ReleaseError) throw error;
    throw invalid(`is not a tar: ${messageOf(error)}`, error);
  } finally {
    entries.destroy();
    await feeding;
  }
  if (feedFailure !== undefined) throw feedFailure;
  const digest = hash.digest("hex");
  if (reading.hash.update(endOfTar).digest("hex") !== digest) {
    throw invalid("is not written the one way that workflow-release writes archives");
  }
  return { manifest, digest, tarSizeBytes };
}

/** Also when the reader of the entries gave up. */
async function drained(entries: Extract): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      entries.off("drain", done);
      entries.off("close", done);
      resolve();
    };
    entries.on("drain", done);
    entries.on("close", done);
  });
}

function checkEntry(header: Header, previous: string | undefined, { limits, ledger }: Reading): TarEntry {
  const { name: path, size: sizeBytes } = header;
  const reject = (flaw: string) => invalid(`is refused: ${JSON.stringify(path)} ${flaw}`);
  const flaw = pathFlaw(path);
  if (flaw !== undefined) throw reject(flaw);
  if (previous !== undefined && compareUtf8(previous, path) >= 0)
    throw reject("is out of order or there twice");
  const clash = ledger.add(path);
  if (clash !== undefined) throw reject(clash);
  if (header.type === "symlink") {
    const target = header.linkname ?? "";
    const link = linkFlaw(path, target);
    if (link !== undefined) throw reject(link);
    return { kind: "symlink", path, target };
  }
  if (header.type !== "file")
    throw reject(`is a ${header.type ?? "thing of an unknown kind"}, not a file or a symlink`);
  const { mode } = header;
  if (mode !== 0o644 && mode !== 0o755) throw reject(`has the mode ${mode.toString(8)}`);
  if (sizeBytes > limits.maxFileSizeBytes) throw tooLarge(path, limits.maxFileSizeBytes);
  return { kind: "file", path, mode, sizeBytes };
}

async function readEntry(
  entry: TarEntry,
  content: AsyncIterable<Uint8Array>,
  { headerBlock, hash, sink }: Reading,
): Promise<ManifestEntry> {
  if (writePlainHeader(entry, headerBlock, 0)) hash.update(headerBlock);
  else hash.update(await encodeHeader(entry));
  if (entry.kind === "symlink") {
    for await (const chunk of content) hash.update(chunk);
    sink?.symlink(entry.path, entry.target);
    return { ...entry, mode: 0o777 };
  }
  const sha256 = createHash("sha256");
  sink?.beginFile(entry.path, entry.mode);
  for await (const chunk of content) {
    hash.update(chunk);
    sha256.update(chunk);
    sink?.writeFile(chunk);
  }
  sink?.endFile();
  hash.update(endOfTar.subarray(0, paddingBytes(entry.sizeBytes)));
  return { ...entry, sha256: sha256.digest("hex") };
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && /^(ZSTD_|Z_)/.test(String(error.code));
}

function invalid(what: string, cause?: unknown): UserError {
  return new UserError("artifact-invalid", `The archive ${what}.`, { cause });
}

function tooLarge(what: string, limitBytes: number): UserError {
  return new UserError("artifact-too-large", `${what} has more than the ${limitBytes} bytes it may have.`);
}

function tooMany(limits: ArtifactLimits): UserError {
  return new UserError(
    "artifact-too-large",
    `The archive holds more than the ${limits.maxFiles} files it may hold.`,
  );
}
