import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { zstdDecompressSync } from "node:zlib";
import { artifactLimits } from "../../src/artifact/limits.ts";
import { type FileToPack, packArtifact, type SymlinkToPack } from "../../src/artifact/pack.ts";
import { compareUtf8 } from "../../src/artifact/path-rules.ts";
import { errorOf } from "../support/errors.ts";
import { runPython } from "../support/python.ts";
import { createScratchFolder, type Files, type ScratchFolder } from "../support/scratch-folder.ts";
import { tarOf } from "../support/tars.ts";

/** Entries for everything in `files`, in order. */
function entriesOf(folder: string, files: Files): (FileToPack | SymlinkToPack)[] {
  return Object.entries(files)
    .map(([path, content]): FileToPack | SymlinkToPack =>
      typeof content === "object" && "link" in content
        ? { kind: "symlink", path, target: content.link }
        : { kind: "file", path, source: join(folder, "files", path) },
    )
    .sort((a, b) => compareUtf8(a.path, b.path));
}

async function writeAll(folder: ScratchFolder, files: Files): Promise<void> {
  await folder.write(
    Object.fromEntries(Object.entries(files).map(([path, content]) => [`files/${path}`, content])),
  );
}

async function pack(folder: ScratchFolder, files: Files, limits = artifactLimits) {
  await writeAll(folder, files);
  return await packArtifact(entriesOf(folder.path, files), join(folder.path, "out.tar.zst"), limits);
}

function sha256(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

const sample: Files = {
  "a.py": "print(1)\n",
  empty: "",
  "exact-block": "x".repeat(512),
  link: { link: "sub/b.py" },
  "sub/b.py": "b",
  [`sub/${"long-name/".repeat(30)}file.py`]: "long",
  [`sub/${"p".repeat(99)}/${"q".repeat(99)}`]: "fits the prefix field",
  [`sub/${"n".repeat(200)}`]: "long last name",
  "long-link": { link: `sub/${"n".repeat(200)}` },
  "ümlaut/😀 datei.txt": "name",
  "ümlaut-link": { link: "ümlaut/😀 datei.txt" },
  "with space": "s",
};

test("the manifest, the digest and the archive say what was packed", async () => {
  await using folder = await createScratchFolder();
  await writeAll(folder, sample);
  chmodSync(join(folder.path, "files/a.py"), 0o711);
  const packed = await pack(folder, {});
  assert.deepEqual(packed.manifest, []);
  const whole = await packArtifact(entriesOf(folder.path, sample), join(folder.path, "out.tar.zst"));
  const bytes = readFileSync(whole.archive.path);
  const tar = zstdDecompressSync(bytes);
  assert.equal(whole.digest, sha256(tar));
  assert.equal(whole.tarSizeBytes, tar.length);
  assert.equal(whole.archive.sha256, sha256(bytes));
  assert.equal(whole.archive.sizeBytes, bytes.length);
  assert.equal(whole.archive.path, join(folder.path, "out.tar.zst"));
  assert.equal(whole.manifest.length, Object.keys(sample).length);
  for (const entry of whole.manifest) {
    const content = sample[entry.path];
    if (typeof content === "string") {
      const windows = process.platform === "win32";
      assert.deepEqual(entry, {
        kind: "file",
        path: entry.path,
        mode: entry.path === "a.py" && !windows ? 0o755 : 0o644,
        sizeBytes: Buffer.byteLength(content),
        sha256: sha256(content),
      });
    } else {
      assert.ok(content !== undefined && "link" in content);
      assert.deepEqual(entry, { kind: "symlink", path: entry.path, mode: 0o777, target: content.link });
    }
  }
  assert.deepEqual(readdirSync(folder.path).sort(), ["files", "out.tar.zst"], "nothing else is left");
});

test("the tar is what tar-stream writes for the same entries", async () => {
  await using folder = await createScratchFolder();
  const { archive, manifest } = await pack(folder, sample);
  const expected = await tarOf(
    manifest.map((entry) =>
      entry.kind === "file"
        ? { name: entry.path, mode: entry.mode, content: String(sample[entry.path]) }
        : { name: entry.path, type: "symlink", linkname: entry.target },
    ),
  );
  assert.ok(zstdDecompressSync(readFileSync(archive.path)).equals(expected));
});

const listWithTarfile = `
import json, sys, tarfile
with tarfile.open(sys.argv[1]) as tar:
    print(json.dumps([[m.name, oct(m.mode), m.uid, m.gid, m.uname, m.gname, m.mtime, m.linkname if m.issym() else tar.extractfile(m).read().decode()] for m in tar]))
`;

test("Python's tarfile reads the same entries, with no owner and no time", async () => {
  await using folder = await createScratchFolder();
  const { archive, manifest } = await pack(folder, sample);
  const tarPath = join(folder.path, "out.tar");
  await folder.write({ "out.tar": zstdDecompressSync(readFileSync(archive.path)) });
  const listed = JSON.parse(runPython(listWithTarfile, [tarPath]));
  const expected = manifest.map((entry) => {
    const content = entry.kind === "symlink" ? entry.target : sample[entry.path];
    return [entry.path, `0o${entry.mode.toString(8)}`, 0, 0, "", "", 0, content];
  });
  assert.deepEqual(listed, expected);
});

/** GNU tar on Linux, bsdtar on macOS and Windows; the other where it is installed. */
const tarPrograms = ["tar", "gtar", "bsdtar"].filter(
  (program) => spawnSync(program, ["--version"]).status === 0,
);

for (const program of tarPrograms) {
  const version = String(spawnSync(program, ["--version"]).stdout).split("\n")[0];
  test(`${program} extracts the same files: ${version}`, async (context) => {
    await using folder = await createScratchFolder();
    const { archive, manifest } = await pack(folder, sample);
    await folder.write({ "out.tar": zstdDecompressSync(readFileSync(archive.path)), "extracted/x": "" });
    const env = { ...process.env, LC_ALL: process.platform === "darwin" ? "en_US.UTF-8" : "C.UTF-8" };
    const result = spawnSync(program, ["-xf", "../out.tar"], { cwd: join(folder.path, "extracted"), env });
    assert.equal(result.status, 0, String(result.stderr));
    assert.equal(String(result.stderr), "");
    for (const entry of manifest) {
      const file = join(folder.path, "extracted", entry.path);
      const content = entry.kind === "file" ? sample[entry.path] : undefined;
      if (typeof content === "string") assert.equal(readFileSync(file, "utf8"), content, entry.path);
      assert.equal(statSync(file).isFile(), true, entry.path);
    }
    context.diagnostic(`checked with ${version}`);
  });
}

test("GNU tar and bsdtar are tried where they are installed", (context) => {
  for (const program of ["tar", "bsdtar"]) {
    if (!tarPrograms.includes(program))
      context.diagnostic(`${program} is not installed here; Python's tarfile is the oracle`);
  }
});

test("files larger than a batch, and batches that files fill exactly", async () => {
  await using folder = await createScratchFolder();
  const mebibyte = 1024 * 1024;
  const files: Files = {
    a: randomBytes(5 * mebibyte + 13),
    b: randomBytes(2 * mebibyte - 2 * 512),
    c: "c",
    d: randomBytes(2 * mebibyte),
    e: randomBytes(4 * mebibyte),
    f: "f",
  };
  const { archive, digest, manifest } = await pack(folder, files);
  const tar = zstdDecompressSync(readFileSync(archive.path));
  assert.equal(digest, sha256(tar));
  const expected = await tarOf(
    Object.entries(files).map(([name, content]) => ({ name, content: content as string | Uint8Array })),
  );
  assert.ok(tar.equals(expected));
  for (const entry of manifest) {
    assert.ok(entry.kind === "file");
    assert.equal(entry.sha256, sha256(files[entry.path] as string | Uint8Array), entry.path);
  }
});

test("time, permissions but the owner's x, and the place on disk do not change the digest", async () => {
  await using one = await createScratchFolder();
  await using other = await createScratchFolder();
  const files = { a: "1", "b/c": "2" };
  const first = await pack(one, files);
  await writeAll(other, files);
  utimesSync(join(other.path, "files/a"), 1, 1);
  chmodSync(join(other.path, "files/b/c"), 0o600);
  const second = await packArtifact(entriesOf(other.path, files), join(other.path, "elsewhere.tar.zst"));
  assert.equal(second.digest, first.digest);
  chmodSync(join(other.path, "files/a"), 0o755);
  const third = await packArtifact(entriesOf(other.path, files), join(other.path, "third.tar.zst"));
  assert.equal(third.digest === first.digest, process.platform === "win32");
});

test("a file that vanished or was replaced", async () => {
  await using folder = await createScratchFolder();
  const files = { a: "1", b: "2" };
  await writeAll(folder, files);
  const entries = entriesOf(folder.path, files);
  const target = join(folder.path, "out.tar.zst");
  rmSync(join(folder.path, "files/b"));
  await assert.rejects(
    packArtifact(entries, target),
    errorOf("files-changed", /^b vanished or was replaced/),
  );
  await folder.write({ "files/b/x": "" });
  await assert.rejects(packArtifact(entries, target), errorOf("files-changed", /^b /));
  rmSync(join(folder.path, "files/b"), { recursive: true });
  await folder.write({ "files/b": { link: "a" } });
  await assert.rejects(packArtifact(entries, target), errorOf("files-changed", /^b /));
  if (process.platform !== "win32") {
    rmSync(join(folder.path, "files/b"));
    spawnSync("mkfifo", [join(folder.path, "files/b")]);
    await assert.rejects(packArtifact(entries, target), errorOf("files-changed", /^b is no longer a file/));
  }
  assert.deepEqual(readdirSync(folder.path), ["files"], "no archive, and nothing half made");
});

test("a file that shrinks while it is read", async () => {
  await using folder = await createScratchFolder();
  const big = join(folder.path, "files/big");
  const files = { big: randomBytes(40 * 1024 * 1024) };
  await writeAll(folder, files);
  const packing = packArtifact(entriesOf(folder.path, files), join(folder.path, "out.tar.zst"));
  // It is read in pieces, with turns of the event loop between them.
  setTimeout(() => truncateSync(big, 100), 5);
  await assert.rejects(packing, errorOf("files-changed", /^big changed while it was packed/));
});

test("limits of count, file size and tar size", async () => {
  await using folder = await createScratchFolder();
  const files = { a: "x".repeat(3000), b: "y".repeat(2000), c: "z" };
  const withLimits = (changes: Partial<typeof artifactLimits>) =>
    pack(folder, files, { ...artifactLimits, ...changes });
  await withLimits({ maxFiles: 3, maxFileSizeBytes: 3000, maxTarSizeBytes: 8192 });
  await assert.rejects(withLimits({ maxFiles: 2 }), errorOf("artifact-too-large", /3 files; the limit is 2/));
  await assert.rejects(
    withLimits({ maxFileSizeBytes: 2999 }),
    errorOf("artifact-too-large", /^a has 2\.9 KiB; a file may have 2\.9 KiB/),
  );
  await assert.rejects(withLimits({ maxTarSizeBytes: 8191 }), (error) => {
    assert.ok(errorOf("artifact-too-large", /Its largest files/)(error));
    assert.ok(error instanceof Error && "problems" in error);
    assert.deepEqual(error.problems, [
      { message: "a has 2.9 KiB" },
      { message: "b has 2.0 KiB" },
      { message: "c has 1 bytes" },
    ]);
    return true;
  });
});

test("files out of order are a defect of the caller", async () => {
  await using folder = await createScratchFolder();
  const files = { a: "1", b: "2" };
  await writeAll(folder, files);
  const entries = entriesOf(folder.path, files);
  const target = join(folder.path, "out.tar.zst");
  await assert.rejects(packArtifact(entries.toReversed(), target), errorOf("internal"));
  await assert.rejects(packArtifact([...entries, ...entries.slice(1)], target), errorOf("internal"));
});

test("an archive that cannot be written", async () => {
  await using folder = await createScratchFolder();
  const files = { a: "1" };
  await writeAll(folder, files);
  const entries = entriesOf(folder.path, files);
  await assert.rejects(
    packArtifact(entries, join(folder.path, "no/folder/x")),
    errorOf("disk-failed", /no\/folder\/x/),
  );
  await folder.write({ "taken/file": "" });
  await assert.rejects(packArtifact(entries, join(folder.path, "taken")), errorOf("disk-failed"));
  assert.deepEqual(readdirSync(folder.path).sort(), ["files", "taken"]);
});

test("the digest of these files is what it has always been", async () => {
  // When this changes, formatVersion must too: releases would be published again, and none would be recognised.
  await using folder = await createScratchFolder();
  const { digest } = await pack(folder, sample);
  assert.equal(digest, "da16435a8519147e50b33ebbc68138ad653d1c7d22c0b9856fac1e845447e9b6");
});

// Windows has no limit on the size of files to set.
if (process.platform !== "win32") {
  test("a disk that is full before the archive is written", async () => {
    await using folder = await createScratchFolder({
      "tilebox.workflow.toml": '[workflow]\nslug = "a"\nrunner = "a:b"\n[build]\ninclude = ["random"]\n',
      random: randomBytes(3_000_000),
    });
    const packProject = fileURLToPath(new URL("../support/pack-project.ts", import.meta.url));
    // 25 is SIGXFSZ, which would end the process before the write fails.
    const command = `trap '' 25; ulimit -f 1000; exec "$0" "$@"`;
    const args = [
      "-c",
      command,
      process.execPath,
      packProject,
      folder.path,
      join(folder.path, "out.tar.zst"),
    ];
    const { status, stderr } = spawnSync("sh", args, { encoding: "utf8" });
    assert.notEqual(status, 0);
    assert.match(stderr, /disk-failed/);
    assert.match(stderr, /EFBIG/);
    assert.deepEqual(readdirSync(folder.path).sort(), ["random", "tilebox.workflow.toml"]);
  });
}
