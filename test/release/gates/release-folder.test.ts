import assert from "node:assert/strict";
import { test } from "node:test";
import { releaseFolder } from "../../../src/release/gates/release-folder.ts";

const digest = "ab".repeat(32);
const files = ["runner.py", "tiles/mosaic.py"];
const traceback = (...paths: string[]) => ({ frames: paths.map((file) => ({ file, line: 1 })) });

test("the folder is that of most frames which are files of the release", () => {
  const frames = traceback(
    "/home/r/.venv/lib/python3.12/site-packages/tiles/mosaic.py",
    "/srv/app/runner.py",
    "/srv/app/tiles/mosaic.py",
    "/usr/lib/python3.12/runner.py",
  );
  assert.equal(releaseFolder([frames], files, digest), "/srv/app");
});

test("a folder named after the digest is the release's", () => {
  const own = `/data/releases/${digest}/files`;
  const frames = traceback(
    "/usr/lib/python3.12/runner.py",
    "/usr/lib/python3.12/runner.py",
    `${own}/tiles/mosaic.py`,
  );
  assert.equal(releaseFolder([frames], files, digest), own);
});

test("a path of Windows has its separators", () => {
  assert.equal(releaseFolder([traceback("C:\\data\\tiles\\mosaic.py")], files, digest), "C:\\data");
});

test("frames of nothing in the release name no folder", () => {
  assert.equal(releaseFolder([traceback("/usr/lib/python3.12/json.py", "<string>")], files, digest), "");
});
