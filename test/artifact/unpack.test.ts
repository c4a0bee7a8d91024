import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import {
  createReadStream,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { artifactLimits } from "../../src/artifact/limits.ts";
import { packArtifact } from "../../src/artifact/pack.ts";
import { unpackArtifact } from "../../src/artifact/unpack.ts";
import { verifyArchive } from "../../src/artifact/verify.ts";
import { ReleaseError } from "../../src/errors.ts";
import { errorOf } from "../support/errors.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { archiveOf, inPieces, type RawEntry, tarOf } from "../support/tars.ts";

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Offers an archive with the digest of its own tar: only what is in it can be the reason to refuse it. */
async function refuse(
  archive: Uint8Array,
  digest: string,
  code: ReleaseError["code"],
  message: RegExp,
): Promise<void> {
  await using folder = await createScratchFolder({ "outside/secret": "untouched" });
  await assert.rejects(verifyArchive(inPieces(archive), digest), errorOf(code, message));
  const target = join(folder.path, "release");
  await assert.rejects(unpackArtifact(inPieces(archive), target, { digest }), errorOf(code, message));
  assert.deepEqual(readdirSync(folder.path), ["outside"], "nothing is left");
  assert.deepEqual(readdirSync(join(folder.path, "outside")), ["secret"]);
  assert.equal(readFileSync(join(folder.path, "outside/secret"), "utf8"), "untouched");
}

async function refuseEntries(entries: readonly RawEntry[], message: RegExp): Promise<void> {
  const tar = await tarOf(entries);
  await refuse(zstdCompressSync(tar), sha256(tar), "artifact-invalid", message);
}

const plain: readonly RawEntry[] = [
  { name: "a.py", content: "print(1)\n" },
  { name: "bin/run", mode: 0o755, content: "#!/bin/sh\n" },
  { name: "link", type: "symlink", linkname: "bin/run" },
  { name: `${"long/".repeat(40)}x`, content: "" },
  { name: "ü", content: "u" },
];

test("what was packed is unpacked, and verified on the way", async () => {
  await using folder = await createScratchFolder({
    "src/a.py": "print(1)\n",
    "src/b/c": randomBytes(300_000),
  });
  const file = (path: string) => ({ kind: "file", path, source: join(folder.path, "src", path) }) as const;
  const archivePath = join(folder.path, "out.tar.zst");
  const links = { kind: "symlink", path: "b/link", target: "../a.py" } as const;
  const packed = await packArtifact([file("a.py"), file("b/c"), links], archivePath);
  const verified = await verifyArchive(createReadStream(archivePath), packed.digest);
  assert.deepEqual(verified, {
    manifest: packed.manifest,
    digest: packed.digest,
    tarSizeBytes: packed.tarSizeBytes,
    fileCount: 3,
  });
  const target = join(folder.path, "unpacked");
  const unpacked = await unpackArtifact(createReadStream(archivePath), target, packed);
  assert.deepEqual(unpacked.manifest, packed.manifest);
  assert.equal(readFileSync(join(target, "a.py"), "utf8"), "print(1)\n");
  assert.deepEqual(readFileSync(join(target, "b/c")), readFileSync(join(folder.path, "src/b/c")));
  assert.equal(readlinkSync(join(target, "b/link")).replaceAll("\\", "/"), "../a.py");
  assert.deepEqual(readdirSync(folder.path).sort(), ["out.tar.zst", "src", "unpacked"]);
});

test("permissions are those that were packed, whatever the umask", async () => {
  await using folder = await createScratchFolder();
  const tar = await tarOf(plain);
  const umask = process.umask(0o077);
  try {
    await unpackArtifact(inPieces(zstdCompressSync(tar)), join(folder.path, "out"), { digest: sha256(tar) });
  } finally {
    process.umask(umask);
  }
  if (process.platform === "win32") return;
  assert.equal(lstatSync(join(folder.path, "out/a.py")).mode & 0o777, 0o644);
  assert.equal(lstatSync(join(folder.path, "out/bin/run")).mode & 0o777, 0o755);
});

test("an empty artifact, and one byte at a time", async () => {
  await using folder = await createScratchFolder();
  const empty = await packArtifact([], join(folder.path, "empty.tar.zst"));
  assert.equal((await verifyArchive(createReadStream(empty.archive.path), empty.digest)).fileCount, 0);
  const tar = await tarOf(plain);
  const verified = await verifyArchive(inPieces(zstdCompressSync(tar), 1), sha256(tar));
  assert.deepEqual(
    verified.manifest.map((entry) => entry.path),
    plain.map((entry) => entry.name),
  );
});

test("another digest than the one asked for: nothing becomes visible", async () => {
  await using folder = await createScratchFolder();
  const archive = await archiveOf(plain);
  const other = "0".repeat(64);
  await assert.rejects(verifyArchive(inPieces(archive), other), errorOf("artifact-mismatch"));
  await assert.rejects(
    unpackArtifact(inPieces(archive), join(folder.path, "out"), { digest: other }),
    errorOf("artifact-invalid", /has the digest/),
  );
  assert.deepEqual(readdirSync(folder.path), []);
});

test("the folder is there only when all of it is there", async () => {
  await using folder = await createScratchFolder();
  const tar = await tarOf([...plain.slice(0, 3), { name: "z", content: randomBytes(200_000) }]);
  const target = join(folder.path, "out");
  const seen = new Set<boolean>();
  const slowly = async function* () {
    for await (const piece of inPieces(zstdCompressSync(tar), 10_000)) {
      seen.add(existsSync(target));
      yield piece;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await unpackArtifact(slowly(), target, { digest: sha256(tar) });
  assert.deepEqual([...seen], [false]);
  assert.equal(existsSync(target), true);
});

test("a folder that is empty is taken, one that is not is left alone", async () => {
  await using folder = await createScratchFolder({ "full/mine": "" });
  const tar = await tarOf(plain);
  const options = { digest: sha256(tar) };
  mkdirSync(join(folder.path, "empty"));
  await unpackArtifact(inPieces(zstdCompressSync(tar)), join(folder.path, "empty"), options);
  const full = unpackArtifact(inPieces(zstdCompressSync(tar)), join(folder.path, "full"), options);
  await assert.rejects(full, errorOf("disk-failed"));
  assert.deepEqual(readdirSync(folder.path).sort(), ["empty", "full"]);
  assert.deepEqual(readdirSync(join(folder.path, "full")), ["mine"]);
});

test("paths that lead out of the folder", async () => {
  for (const name of [
    "../x",
    "/x",
    "a/../../x",
    "..",
    ".",
    "a//b",
    "./a",
    "a\\..\\x",
    "a/../b",
    ".git/config",
  ]) {
    await refuseEntries([{ name, content: "x" }], /is refused/);
  }
});

test("symlinks that lead out of the folder, and files written through symlinks", async () => {
  for (const linkname of ["/etc", "..", "../outside", "a/../../outside", "a/.."]) {
    await refuseEntries([{ name: "link", type: "symlink", linkname }], /is a symlink/);
  }
  await refuseEntries(
    [
      { name: "d", type: "symlink", linkname: "e" },
      { name: "d/x", content: "through" },
      { name: "e/y", content: "" },
    ],
    /"d\/x" is both a file and a folder/,
  );
  await refuseEntries(
    [
      { name: "link", type: "symlink", linkname: "x" },
      { name: "link", content: "over it" },
    ],
    /out of order or there twice/,
  );
});

test("what is neither a file nor a symlink", async () => {
  for (const type of ["link", "directory", "character-device", "block-device", "fifo"] as const) {
    const entries: RawEntry[] = [
      { name: "a", content: "" },
      { name: "b", type, linkname: "a", devmajor: 1, devminor: 3 },
    ];
    await refuseEntries(entries, type === "directory" ? /refused|not a file/ : /not a file or a symlink/);
  }
  await refuseEntries([{ name: "a", type: "contiguous-file", content: "x" }], /not a file or a symlink/);
});

test("names that would meet on some file systems, twice the same, out of order", async () => {
  const file = (name: string): RawEntry => ({ name, content: name });
  await refuseEntries([file("A"), file("a")], /only by case/);
  await refuseEntries([file("A/x"), file("a/y")], /only by case/);
  await refuseEntries([file("e\u0301"), file("\u00e9")], /Unicode form/);
  await refuseEntries([file("a"), file("a")], /there twice/);
  await refuseEntries([file("b"), file("a")], /out of order/);
  await refuseEntries([file("a"), file("a.b"), file("a/b")], /both a file and a folder/);
});

test("modes that no build writes", async () => {
  for (const mode of [0o4755, 0o666, 0o777, 0o600, 0o1644]) {
    await refuseEntries([{ name: "a", mode, content: "" }], /has the mode/);
  }
});

test("the same files in another form than ours", async () => {
  const otherForms: RawEntry[][] = [
    [{ name: "a", content: "x", uid: 1000 }],
    [{ name: "a", content: "x", uname: "me" }],
    [{ name: "a", content: "x", mtime: new Date(1000) }],
    [{ name: "a", content: "x", pax: { comment: "hidden" } }],
    [{ name: "a", content: "x", pax: { path: "a" } }],
    [{ name: "l", type: "symlink", linkname: "x", mode: 0o755 }],
    [{ name: "a\0b", content: "x" }],
  ];
  for (const entries of otherForms) await refuseEntries(entries, /not written the one way/);
  const tar = await tarOf(plain);
  const more = Buffer.concat([tar, Buffer.alloc(1024)]);
  await refuse(zstdCompressSync(more), sha256(more), "artifact-invalid", /not written the one way/);
  const noEnd = tar.subarray(0, -1024);
  await refuse(zstdCompressSync(noEnd), sha256(noEnd), "artifact-invalid", /not written the one way/);
  const second = Buffer.concat([tar, await tarOf([{ name: "üz", content: "hidden" }])]);
  await refuse(zstdCompressSync(second), sha256(second), "artifact-invalid", /not written the one way/);
});

test("a pax header whose size belies the entry", async () => {
  await refuseEntries(
    [{ name: "a", content: "x".repeat(600), pax: { size: "3" } }],
    /refused|not a tar|one way/,
  );
});

test("what is no tar, and a tar that was cut off", async () => {
  const noise = randomBytes(4096);
  await refuse(zstdCompressSync(noise), sha256(noise), "artifact-invalid", /not a tar/);
  const tar = await tarOf([{ name: "a", content: randomBytes(5000) }]);
  for (const length of [1, 511, 513, 3000, tar.length - 1025]) {
    const cut = tar.subarray(0, length);
    await refuse(zstdCompressSync(cut), sha256(cut), "artifact-invalid", /not a tar|one way/);
  }
});

test("what is no zstd, and a frame that was cut off anywhere", async () => {
  const tar = await tarOf([{ name: "a", content: randomBytes(500_000) }]);
  const archive = zstdCompressSync(tar, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  const digest = sha256(tar);
  await refuse(Buffer.from(""), digest, "artifact-invalid", /middle of its zstd frame/);
  await refuse(randomBytes(1000), digest, "artifact-invalid", /not a zstd frame/);
  await refuse(tar, digest, "artifact-invalid", /not a zstd frame/);
  for (const length of [1, 5, 6, 20, 200_000, archive.length - 5, archive.length - 1]) {
    await refuse(archive.subarray(0, length), digest, "artifact-invalid", /zstd frame|decompressed/);
  }
});

test("anything after the frame: another frame, a skippable one, an empty one, one byte", async () => {
  const tar = await tarOf(plain);
  const archive = zstdCompressSync(tar);
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 7]);
  for (const tail of [archive, skippable, zstdCompressSync(Buffer.alloc(0)), Buffer.from([0])]) {
    const more = Buffer.concat([archive, tail]);
    await refuse(more, sha256(tar), "artifact-invalid", /bytes after the end/);
  }
  const before = Buffer.concat([skippable, archive]);
  await refuse(before, sha256(tar), "artifact-invalid", /not a zstd frame/);
});

test("a window larger than any build needs", async () => {
  const tar = await tarOf([{ name: "a", content: Buffer.alloc(20 * 1024 * 1024) }]);
  const params = { [constants.ZSTD_c_windowLog]: 27, [constants.ZSTD_c_contentSizeFlag]: 0 };
  await refuse(zstdCompressSync(tar, { params }), sha256(tar), "artifact-invalid", /cannot be decompressed/);
});

test("bombs stop at the limits: of the archive, the tar, one file, the count", async () => {
  const entries: RawEntry[] = [
    { name: "a", content: Buffer.alloc(3_000_000) },
    { name: "b", content: "b" },
  ];
  const tar = await tarOf(entries);
  const archive = zstdCompressSync(tar);
  assert.ok(archive.length < tar.length / 1000, "it is a bomb");
  const limits = {
    maxFiles: 2,
    maxFileSizeBytes: 3_000_000,
    maxTarSizeBytes: tar.length,
    maxArchiveSizeBytes: archive.length,
  };
  const read = (changes: Partial<typeof limits>) =>
    verifyArchive(inPieces(archive), sha256(tar), { ...limits, ...changes });
  await read({});
  const tooLarge = errorOf("artifact-too-large");
  await assert.rejects(read({ maxFiles: 1 }), tooLarge);
  await assert.rejects(read({ maxFileSizeBytes: 2_999_999 }), tooLarge);
  await assert.rejects(read({ maxTarSizeBytes: tar.length - 1 }), tooLarge);
  await assert.rejects(read({ maxArchiveSizeBytes: archive.length - 1 }), tooLarge);
});

test("a bomb costs no memory", async () => {
  const zeros = Buffer.alloc(256 * 1024 * 1024);
  const head = (await tarOf([{ name: "a", content: "" }])).subarray(0, 512);
  const archive = zstdCompressSync(Buffer.concat([head, zeros]));
  const before = process.memoryUsage().rss;
  const limits = { ...artifactLimits, maxTarSizeBytes: 16 * 1024 * 1024 };
  await assert.rejects(verifyArchive(inPieces(archive), "", limits), errorOf("artifact-too-large"));
  assert.ok(process.memoryUsage().rss - before < 64 * 1024 * 1024);
});

test("bit flips in every region: refused, or they change nothing that anybody reads", async () => {
  const tar = await tarOf([...plain.slice(0, 4), { name: "random", content: randomBytes(3000) }]);
  const digest = sha256(tar);
  const archive = zstdCompressSync(tar, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  let refused = 0;
  for (let byte = 0; byte < archive.length; byte += byte < 64 || byte > archive.length - 64 ? 1 : 37) {
    for (const bit of [0, 3, 7]) {
      const flipped = Buffer.from(archive);
      flipped[byte] = (flipped[byte] ?? 0) ^ (1 << bit);
      const outcome = await verifyArchive(inPieces(flipped), digest).then(
        (verified) => verified,
        (error: unknown) => error,
      );
      if (outcome instanceof ReleaseError) {
        assert.match(outcome.code, /^artifact-(invalid|mismatch|too-large)$/);
        refused++;
      } else {
        assert.ok(!(outcome instanceof Error), String(outcome));
        assert.ok(zstdDecompressSync(flipped).equals(tar), `byte ${byte}, bit ${bit}`);
      }
    }
  }
  assert.ok(refused > 300);
});

test("bit flips in the tar are refused too", async () => {
  const tar = await tarOf([{ name: "a", content: randomBytes(700) }]);
  const digest = sha256(tar);
  for (let byte = 0; byte < tar.length; byte += 7) {
    const flipped = Buffer.from(tar);
    flipped[byte] = (flipped[byte] ?? 0) ^ 0x10;
    await assert.rejects(verifyArchive(inPieces(zstdCompressSync(flipped), 5000), digest), (error) => {
      assert.ok(error instanceof ReleaseError);
      return /^artifact-(invalid|mismatch|too-large)$/.test(error.code);
    });
  }
});

test("an error of reading the archive is passed on as it is", async () => {
  await using folder = await createScratchFolder();
  const broken = async function* () {
    yield (await archiveOf(plain)).subarray(0, 50);
    throw new Error("the connection broke");
  };
  await assert.rejects(verifyArchive(broken(), ""), /^Error: the connection broke$/);
  const target = join(folder.path, "out");
  await assert.rejects(unpackArtifact(broken(), target, { digest: "" }), /^Error: the connection broke$/);
  await assert.rejects(verifyArchive(createReadStream(join(folder.path, "none")), ""), { code: "ENOENT" });
  await assert.rejects(
    verifyArchive(Readable.from([Buffer.from("no zstd")]), ""),
    errorOf("artifact-invalid"),
  );
  assert.deepEqual(readdirSync(folder.path), []);
});

test("a disk that refuses is no fault of the archive", async () => {
  await using folder = await createScratchFolder({ file: "" });
  writeFileSync(join(folder.path, "archive"), await archiveOf(plain));
  const target = join(folder.path, "file/out");
  const archive = createReadStream(join(folder.path, "archive"));
  await assert.rejects(unpackArtifact(archive, target, { digest: "" }), errorOf("disk-failed"));
});
