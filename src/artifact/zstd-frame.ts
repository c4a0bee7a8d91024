import { UserError } from "../errors.ts";

/** Follows compressed bytes as they pass, without decompressing them. */
export interface ZstdFrameScanner {
  /** @throws UserError artifact-invalid as soon as the bytes cannot be one whole zstd frame. */
  scan(chunk: Uint8Array): void;
  /** @throws UserError artifact-invalid when the frame is not complete. */
  end(): void;
}

const magic = 0xfd2fb528;
/** Magic, descriptor, and at least one byte of window or content size. */
const shortestHeaderBytes = 6;
const blockHeaderBytes = 3;
const checksumBytes = 4;

type Part = "header" | "block-header" | "block" | "checksum" | "done";

/**
 * An archive is exactly one zstd frame. Node does not hold to that: it takes a frame that was cut off for a whole one
 * (before 24.21) and does not look at what follows the first. So the frame is measured here: its block headers
 * give the length of everything (RFC 8878, section 3.1.1).
 */
export function createZstdFrameScanner(): ZstdFrameScanner {
  let part: Part = "header";
  let hasChecksum = false;
  /** The bytes of a header so far, and how many are needed. */
  let pending = Buffer.alloc(0);
  let wanted = shortestHeaderBytes;
  let blockBytesLeft = 0;
  let isLastBlock = false;

  const afterBlock = () => {
    if (!isLastBlock) [part, wanted] = ["block-header", blockHeaderBytes];
    else if (hasChecksum) [part, wanted] = ["checksum", checksumBytes];
    else part = "done";
  };
  /** Looks at `pending` when it holds `wanted` bytes. */
  const advance = () => {
    switch (part) {
      case "header": {
        const header = readFrameHeader(pending);
        wanted = header.lengthBytes;
        if (pending.length < wanted) return;
        hasChecksum = header.hasChecksum;
        [part, wanted] = ["block-header", blockHeaderBytes];
        break;
      }
      case "block-header": {
        const header = pending.readUIntLE(0, blockHeaderBytes);
        isLastBlock = (header & 1) === 1;
        const type = (header >> 1) & 3;
        if (type === 3) throw invalid("has a block of a reserved type");
        // A block of type 1 is one byte, repeated.
        blockBytesLeft = type === 1 ? 1 : header >> 3;
        if (blockBytesLeft > 0) part = "block";
        else afterBlock();
        break;
      }
      case "checksum":
        part = "done";
        break;
      case "block":
      case "done":
        break;
    }
    pending = Buffer.alloc(0);
  };
  return {
    scan(chunk) {
      for (let at = 0; at < chunk.length; ) {
        if (part === "done") throw invalid("has bytes after the end of its zstd frame");
        const take = Math.min(chunk.length - at, part === "block" ? blockBytesLeft : wanted - pending.length);
        if (part === "block") {
          blockBytesLeft -= take;
          if (blockBytesLeft === 0) afterBlock();
        } else {
          pending = Buffer.concat([pending, chunk.subarray(at, at + take)]);
          if (pending.length === wanted) advance();
        }
        at += take;
      }
    },
    end() {
      if (part !== "done") throw invalid("ends in the middle of its zstd frame");
    },
  };
}

function readFrameHeader(bytes: Buffer): { readonly lengthBytes: number; readonly hasChecksum: boolean } {
  if (bytes.readUInt32LE(0) !== magic) throw invalid("is not a zstd frame");
  const descriptor = bytes[4] ?? 0;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryIdBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const contentSizeFlag = descriptor >> 6;
  const contentSizeBytes = contentSizeFlag === 0 && !isSingleSegment ? 0 : 2 ** contentSizeFlag;
  if ((descriptor & 0x08) !== 0) throw invalid("sets a reserved bit in its zstd header");
  if (dictionaryIdBytes > 0) throw invalid("needs a zstd dictionary");
  const lengthBytes = 5 + (isSingleSegment ? 0 : 1) + contentSizeBytes;
  return { lengthBytes, hasChecksum: (descriptor & 0x04) !== 0 };
}

function invalid(what: string): UserError {
  return new UserError("artifact-invalid", `The archive ${what}.`);
}
