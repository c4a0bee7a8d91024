/**
 * Identifiers of everything that has one: UUIDs of version 7, kept in code and in the database as
 * canonical lower-case text. Text sorts as the bytes do, compares with ===, and works as a Map key;
 * the 16 bytes exist only on the wire (tilebox.v1.ID).
 */

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Clock = () => number;

/** Returns that many unpredictable bytes. */
export type Random = (sizeBytes: number) => Uint8Array;

declare const idKind: unique symbol;
/** The id of one kind of thing: ids of two kinds cannot be mistaken for each other. */
export type Id<Kind extends string> = string & { readonly [idKind]: Kind };
export type KeyId = Id<"key">;
export type ArtifactId = Id<"artifact">;
export type WorkflowId = Id<"workflow">;
export type ReleaseId = Id<"release">;

const canonicalForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const nil = "00000000-0000-0000-0000-000000000000";
const hexPair = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Reads canonical text; undefined for anything else and for the nil UUID, which the contract forbids. */
export function parseId<Kind extends string>(text: string): Id<Kind> | undefined {
  return canonicalForm.test(text) && text !== nil ? (text as Id<Kind>) : undefined;
}

/** Reads the wire's 16 bytes; undefined for another length and for the nil UUID. Any version is accepted. */
export function idFromBytes<Kind extends string>(bytes: Uint8Array): Id<Kind> | undefined {
  if (bytes.length !== 16) return undefined;
  let text = "";
  for (const [index, byte] of bytes.entries()) {
    if (index === 4 || index === 6 || index === 8 || index === 10) text += "-";
    text += hexPair[byte];
  }
  return text === nil ? undefined : (text as Id<Kind>);
}

/** The wire's 16 bytes, big-endian. */
export function idToBytes(id: Id<string>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(id.replaceAll("-", ""), "hex"));
}

export interface IdSource {
  next<Kind extends string>(): Id<Kind>;
}

/** 74 bits are left beside time, version and variant; one more than the last value keeps ids ascending. */
const tailBits = 74n;

/**
 * Makes UUIDv7 ids (RFC 9562, section 5.7) that ascend in the order they are made, also within one
 * millisecond and when the clock steps back: siblings of a job are told apart and ordered by id.
 */
export function createIdSource(deps: { readonly clock: Clock; readonly random: Random }): IdSource {
  let lastMs = -1;
  let tail = 0n;
  const freshTail = () => {
    const bytes = Buffer.from(deps.random(10));
    // The top bit stays clear so that about 2^73 increments fit before the time part has to move on.
    return BigInt(`0x${bytes.toString("hex")}`) & ((1n << (tailBits - 1n)) - 1n);
  };
  return {
    next<Kind extends string>() {
      const nowMs = Math.floor(deps.clock());
      if (nowMs > lastMs) {
        lastMs = nowMs;
        tail = freshTail();
      } else {
        tail += 1n;
      }
      const time = lastMs.toString(16).padStart(12, "0");
      const high = ((tail >> 62n) & 0xfffn).toString(16).padStart(3, "0");
      const low = ((0b10n << 62n) | (tail & ((1n << 62n) - 1n))).toString(16);
      return `${time.slice(0, 8)}-${time.slice(8)}-7${high}-${low.slice(0, 4)}-${low.slice(4)}` as Id<Kind>;
    },
  };
}
