import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeHeader, type TarEntry, writePlainHeader } from "../../src/artifact/tar-header.ts";
import { tarOf } from "../support/tars.ts";

const name = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "B", "1", ".", "_", "-", " "), minLength: 1, maxLength: 40 }),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }),
);
const path = fc
  .array(name, { minLength: 1, maxLength: 9 })
  .map((names) => names.join("/").replaceAll("\0", "0").toWellFormed());

test("a header written in place is the one that tar-stream writes", async () => {
  let inPlace = 0;
  await fc.assert(
    fc.asyncProperty(
      path,
      fc.constantFrom(0o644 as const, 0o755 as const),
      fc.integer({ min: 0, max: 3000 }),
      async (path, mode, sizeBytes) => {
        const entry: TarEntry = { kind: "file", path, mode, sizeBytes };
        const whole = await tarOf([{ name: path, mode, content: Buffer.alloc(sizeBytes) }]);
        const encoded = await encodeHeader(entry);
        assert.deepEqual(encoded, whole.subarray(0, encoded.length));
        const block = Buffer.alloc(1024, 7);
        if (!writePlainHeader(entry, block, 512)) return;
        inPlace++;
        assert.deepEqual(block.subarray(512), encoded);
        assert.deepEqual(block.subarray(0, 512), Buffer.alloc(512, 7));
      },
    ),
    { numRuns: 500 },
  );
  assert.ok(inPlace > 50, "short ASCII names are common");
});

test("sizes up to the limit, and the length of names where the way changes", async () => {
  const block = Buffer.alloc(512);
  for (const length of [1, 99, 100]) {
    const entry: TarEntry = { kind: "file", path: "x".repeat(length), mode: 0o755, sizeBytes: 2 ** 33 - 1 };
    assert.equal(writePlainHeader(entry, block, 0), true);
    assert.deepEqual(block, await encodeHeader(entry));
  }
  const entry: TarEntry = { kind: "file", path: "x".repeat(101), mode: 0o755, sizeBytes: 1 };
  assert.equal(writePlainHeader(entry, block, 0), false);
  assert.equal(writePlainHeader({ kind: "symlink", path: "l", target: "x" }, block, 0), false);
});
