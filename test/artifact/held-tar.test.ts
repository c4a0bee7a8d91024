import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createHeldTar } from "../../src/artifact/held-tar.ts";
import { packArtifact, packTar } from "../../src/artifact/pack.ts";
import { verifyArchive } from "../../src/artifact/verify.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";

test("an archive written from memory is the one that packing writes, for tars of several batches too", async () => {
  await using folder = await createScratchFolder({ "a.py": "print(1)\n", "b.bin": randomBytes(5_000_000) });
  const files = ["a.py", "b.bin"].map((path) => ({
    kind: "file" as const,
    path,
    source: join(folder.path, path),
  }));
  const direct = await packArtifact(files, join(folder.path, "direct.tar.zst"));
  const held = createHeldTar(16 * 1024 * 1024);
  const { archive: _, ...expected } = direct;
  assert.deepEqual(await packTar(files, held), expected);
  assert.ok(held.isWhole);
  await folder.write({ "a.py": "changed meanwhile\n" });
  const later = await held.writeArchive(join(folder.path, "later.tar.zst"));
  assert.equal(later.sha256, direct.archive.sha256);
  const { manifest } = await verifyArchive(createReadStream(later.path), direct.digest);
  assert.deepEqual(manifest, direct.manifest);
});

test("a tar that is too large to hold still has its digest", async () => {
  await using folder = await createScratchFolder({ "b.bin": randomBytes(3_000_000) });
  const files = [{ kind: "file" as const, path: "b.bin", source: join(folder.path, "b.bin") }];
  const held = createHeldTar(2_900_000);
  const { digest } = await packTar(files, held);
  assert.equal(held.isWhole, false);
  assert.equal(digest, (await packArtifact(files, join(folder.path, "out.tar.zst"))).digest);
});
