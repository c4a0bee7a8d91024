/** Entries that nobody of ours wrote for this build: each is refused before anything in it is used. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { type CacheEntry, openEntry, sealEntry } from "../../../src/build/cache/entry.ts";
import type { CacheKey } from "../../../src/build/cache/key.ts";
import { openSecret, secretOfApiKey, secretOfMachine } from "../../../src/build/cache/secret.ts";
import { contractOfNames } from "../../../src/engine/contract.ts";
import { archiveOf } from "../../support/tars.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const ours = secretOfApiKey("wfr_ours");

const tar = await archiveOf([{ name: "tiles.py", content: "print(1)\n" }]);
const key: CacheKey = {
  workflow: "tiles",
  digest: "d".repeat(64),
  entrypoint: '"tiles:runner"',
  lock: "1".repeat(64),
  python: "3.12.4#aaaaaaaaaaaa",
  platform: "linux-x64",
  format: "1",
  program: "0.1.0",
};

function entryOf(changes: Partial<CacheEntry> = {}): CacheEntry {
  const archive = changes.archive ?? tar;
  return {
    key,
    builtAtMs: 1_000,
    tasks: [{ name: "tiles/Mosaic", version: "v1.2" }],
    contract: contractOfNames([{ name: "tiles/Mosaic", version: "v1.2" }], "not read"),
    notices: ["a notice"],
    archive,
    archiveSha256: sha256(archive),
    ...changes,
  };
}

async function kindOf(bytes: Buffer, expected: CacheKey = key, secret = ours): Promise<string> {
  return (await openEntry(bytes, expected, secret)).kind;
}

describe("a cache entry", () => {
  it("gives back what was sealed, under the same secret and key", async () => {
    const entry = entryOf();
    assert.deepEqual(await openEntry(sealEntry(entry, ours), key, ours), { kind: "entry", entry });
  });

  it("is refused when any byte of any region is flipped, and when it is cut or lengthened anywhere", async () => {
    const sealed = sealEntry(entryOf(), ours);
    for (let at = 0; at < sealed.length; at++) {
      const flipped = Buffer.from(sealed);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      assert.notEqual(await kindOf(flipped), "entry", `byte ${at}`);
    }
    for (let length = 0; length < sealed.length; length += 7) {
      assert.notEqual(await kindOf(sealed.subarray(0, length)), "entry", `${length} bytes`);
    }
    assert.equal(await kindOf(Buffer.concat([sealed, Buffer.from("x")])), "unauthenticated");
    assert.equal(await kindOf(Buffer.from("<Error>AuthenticationFailed</Error>")), "not-an-entry");
  });

  it("is refused when it was sealed with another key, a machine's or the one that anybody has", async () => {
    const others = [secretOfApiKey("wfr_others"), secretOfMachine(Buffer.alloc(32)), openSecret()];
    for (const secret of others) {
      assert.equal(await kindOf(sealEntry(entryOf(), secret)), "unauthenticated");
      assert.notEqual(secret.name, ours.name);
    }
    // An HMAC of nothing, and one taken from another entry.
    const sealed = sealEntry(entryOf(), ours);
    const transplanted = sealEntry(entryOf({ builtAtMs: 2_000 }), ours);
    transplanted.copy(sealed, 25, 25, 57);
    assert.equal(await kindOf(sealed), "unauthenticated");
    sealed.fill(0, 25, 57);
    assert.equal(await kindOf(sealed), "unauthenticated");
  });

  it("is refused when it is an older valid one, or that of another project, with the part that differs", async () => {
    const older = sealEntry(entryOf(), ours);
    const now = { ...key, digest: "e".repeat(64), lock: "2".repeat(64) };
    assert.deepEqual(await openEntry(older, now, ours), {
      kind: "foreign",
      differences: [
        { part: "digest", there: key.digest, here: now.digest },
        { part: "lock", there: key.lock, here: now.lock },
      ],
    });
    for (const part of Object.keys(key) as (keyof CacheKey)[]) {
      const answer = await openEntry(older, { ...key, [part]: "other" }, ours);
      assert.deepEqual(answer, {
        kind: "foreign",
        differences: [{ part, there: key[part], here: "other" }],
      });
    }
  });

  it("is refused when its header is no header, though the secret is right", async () => {
    const sealRaw = (changes: object) => sealEntry({ ...entryOf(), ...changes } as CacheEntry, ours);
    for (const changes of [
      { tasks: [] },
      { tasks: "none" },
      { tasks: [{ name: "a\nb", version: "v1.0" }] },
      { tasks: [{ name: "a", version: "1" }] },
      { tasks: [null] },
      { notices: [1] },
      { key: { ...key, python: undefined } },
      { key: null },
      { builtAtMs: "now" },
    ]) {
      assert.equal(await kindOf(sealRaw(changes)), "not-an-entry", JSON.stringify(changes));
    }
    assert.equal(await kindOf(sealRaw({ archiveSha256: "0".repeat(64) })), "archive");
  });
});

describe("an entry that anybody could have written", () => {
  const open = openSecret();

  async function openedArchive(archive: Buffer, digest: string) {
    const sealed = sealEntry(entryOf({ archive, key: { ...key, digest } }), open);
    return await openEntry(sealed, { ...key, digest }, open);
  }
  const digestOf = async (entries: Parameters<typeof archiveOf>[0]) => {
    const archive = await archiveOf(entries);
    return { archive, digest: sha256(zstdDecompressSync(archive)) };
  };

  it("is taken when its archive has the digest of the checkout", async () => {
    const { archive, digest } = await digestOf([{ name: "tiles.py", content: "print(1)\n" }]);
    assert.equal((await openedArchive(archive, digest)).kind, "entry");
  });

  it("is refused with other content, whatever its header says", async () => {
    const { digest } = await digestOf([{ name: "tiles.py", content: "print(1)\n" }]);
    const { archive } = await digestOf([{ name: "tiles.py", content: "print(2)\n" }]);
    const answer = await openedArchive(archive, digest);
    assert(answer.kind === "archive");
    assert.match(answer.message, /digest/);
  });

  it("is refused when its archive would write elsewhere, or is a bomb, even with a digest that fits", async () => {
    for (const entries of [
      [{ name: "../../evil.py", content: "x" }],
      [{ name: "/tmp/evil.py", content: "x" }],
      [{ name: "out", type: "symlink" as const, linkname: "/tmp" }],
    ]) {
      const { archive, digest } = await digestOf(entries);
      assert.equal((await openedArchive(archive, digest)).kind, "archive");
    }
    const bomb = zstdCompressSync(Buffer.alloc(128 * 1024 * 1024));
    assert.equal((await openedArchive(bomb, "0".repeat(64))).kind, "archive");
    assert.equal((await openedArchive(Buffer.alloc(0), "0".repeat(64))).kind, "archive");
  });
});
