import { createHash } from "node:crypto";

/** Takes a tar batch by batch. One call at a time: the buffer is used until the promise is fulfilled. */
export interface TarSink {
  /** Whether a batch is used after that too, so that its memory is not filled again. */
  readonly keepsBatches: boolean;
  write(batch: Uint8Array): Promise<void>;
}

/**
 * A stream entry per file is what makes tar slow in Node; batches of some MiB cost next to nothing. Larger ones gain
 * nothing more, and leave the compressor idle while the first is filled.
 */
export const batchBytes = 2 * 1024 * 1024;
/** The first batches are smaller, so that the compressor has work before a small project is read whole. */
const firstBatchBytes = 128 * 1024;
/** One that is filled, one that is compressed, and one between them, so that neither waits for the other. */
const batchCount = 3;

/** The tar as it grows: filled by the main thread while the sink takes what was filled before (an archive compresses it on the thread pool). */
export interface TarBatches {
  /** What the caller fills from `used` on, and then counts with `advance`. */
  readonly buffer: Uint8Array;
  readonly used: number;
  readonly free: number;
  readonly sizeBytes: number;
  advance(bytes: number): void;
  /**
   * Hands the batch on and offers an empty one: `buffer` is another one afterwards.
   *
   * @throws What the sink threw, for this batch or one before it.
   */
  flush(): Promise<void>;
  /** Hands on what is left and returns when all of it is written. */
  finish(): Promise<{ readonly digest: string; readonly sizeBytes: number }>;
}

/** No Buffer: to cut, copy and fill one costs several times as much, and each file does all three. */
const newBatch = () => new Uint8Array(batchBytes);

export function createTarBatches(sink: TarSink): TarBatches {
  const hash = createHash("sha256");
  const buffers = Array.from({ length: batchCount }, newBatch);
  /** By buffer: fulfilled when its last content is written. */
  const written: Promise<void>[] = buffers.map(() => Promise.resolve());
  let current = 0;
  let buffer = buffers[0] as Uint8Array;
  let capacity = firstBatchBytes;
  let used = 0;
  let handedOn = 0;
  let last: Promise<void> = Promise.resolve();
  const handOn = () => {
    const batch = buffer.subarray(0, used);
    hash.update(batch);
    last = last.then(() => sink.write(batch));
    // Whoever waits for a buffer, or for the end, sees the failure; until then nobody does.
    last.catch(() => {});
    written[current] = last;
    handedOn += used;
    used = 0;
  };
  return {
    get buffer() {
      return buffer;
    },
    get used() {
      return used;
    },
    get free() {
      return capacity - used;
    },
    get sizeBytes() {
      return handedOn + used;
    },
    advance(bytes) {
      used += bytes;
    },
    async flush() {
      handOn();
      current = (current + 1) % batchCount;
      await written[current];
      if (sink.keepsBatches) buffers[current] = newBatch();
      buffer = buffers[current] as Uint8Array;
      capacity = Math.min(2 * capacity, batchBytes);
    },
    async finish() {
      handOn();
      await last;
      return { digest: hash.digest("hex"), sizeBytes: handedOn };
    },
  };
}
