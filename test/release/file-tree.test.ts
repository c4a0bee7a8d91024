import assert from "node:assert/strict";
import { it } from "node:test";
import { toJson } from "@bufbuild/protobuf";
import { PathSchema } from "../../src/api/gen/workflows/v1/workflows_pb.ts";
import { fileTree } from "../../src/release/file-tree.ts";

it("folders are nodes with whole paths, and files keep the manifest's order", () => {
  const file = (path: string) =>
    ({ kind: "file", path, mode: 0o644, sizeBytes: 1, sha256: "0".repeat(64) }) as const;
  const tree = fileTree(["a.py", "pkg/x.py", "pkg/sub/deep.py", "z.py"].map(file));
  assert.deepEqual(
    tree.map((node) => toJson(PathSchema, node)),
    [
      { path: "a.py" },
      {
        path: "pkg",
        directory: true,
        children: [
          { path: "pkg/x.py" },
          { path: "pkg/sub", directory: true, children: [{ path: "pkg/sub/deep.py" }] },
        ],
      },
      { path: "z.py" },
    ],
  );
});
