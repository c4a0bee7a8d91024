import assert from "node:assert/strict";
import { test } from "node:test";
import { fingerprint, type ReleaseContent } from "../../src/artifact/fingerprint.ts";
import type { ManifestEntry } from "../../src/artifact/manifest.ts";
import { runPython } from "../support/python.ts";

function file(path: string, changes: { mode?: 0o644 | 0o755; sha256?: string } = {}): ManifestEntry {
  return { kind: "file", path, mode: 0o644, sizeBytes: 1, sha256: "0".repeat(64), ...changes };
}

const content: ReleaseContent = {
  manifest: [
    file("a.py"),
    file('ü/"quoted".py'),
    { kind: "symlink", path: "z", mode: 0o777, target: "a.py" },
  ],
  entrypoint: { kind: "runner", objectPath: "a:runner" },
  tasks: [
    { name: "b", version: "v1.10" },
    { name: "a", version: "v2.0" },
    { name: "a", version: "v1.0" },
    { name: "\u{1f600}", version: "v1.0" },
    { name: "\u{ffff}", version: "v1.0" },
  ],
};

test("the recipe is the documented one, in any language", () => {
  const program = `
import hashlib, json, sys
paths = ["a.py", "ü/\\"quoted\\".py", "z"]
tasks = sorted([["b", "v1.10"], ["a", "v2.0"], ["a", "v1.0"], ["\\U0001f600", "v1.0"], ["\\uffff", "v1.0"]], key=lambda t: [s.encode() for s in t])
text = json.dumps(["workflow-release", 1, paths, sys.argv[1:], tasks], separators=(",", ":"), ensure_ascii=False)
print(hashlib.sha256(text.encode()).hexdigest(), end="")
`;
  assert.equal(fingerprint(content), runPython(program, ["runner", "a:runner"]));
  const command: ReleaseContent = { ...content, entrypoint: { kind: "command", argv: ["uv", "run", "x"] } };
  assert.equal(fingerprint(command), runPython(program, ["command", "uv", "run", "x"]));
});

test("the order of tasks does not matter", () => {
  assert.equal(fingerprint({ ...content, tasks: content.tasks.toReversed() }), fingerprint(content));
});

test("what the digest covers does not matter", () => {
  const manifest = content.manifest.map((entry) =>
    entry.kind === "file" ? file(entry.path, { mode: 0o755, sha256: "1".repeat(64) }) : entry,
  );
  assert.equal(fingerprint({ ...content, manifest }), fingerprint(content));
});

test("every part matters, and none can pass for another", () => {
  const variants: ReleaseContent[] = [
    content,
    { ...content, manifest: content.manifest.slice(1) },
    { ...content, manifest: [file("A.py"), ...content.manifest.slice(1)] },
    { ...content, manifest: [file("a.py/ü"), ...content.manifest.slice(2)] },
    { ...content, entrypoint: { kind: "runner", objectPath: "a:other" } },
    { ...content, entrypoint: { kind: "command", argv: ["a:runner"] } },
    { ...content, entrypoint: { kind: "command", argv: ["runner", "a:runner"] } },
    { ...content, entrypoint: { kind: "command", argv: ["runner a:runner"] } },
    { ...content, tasks: content.tasks.slice(1) },
    { ...content, tasks: [{ name: "b", version: "v1.11" }, ...content.tasks.slice(1)] },
    { ...content, tasks: [{ name: "bv", version: "1.10" }, ...content.tasks.slice(1)] },
  ];
  assert.equal(new Set(variants.map(fingerprint)).size, variants.length);
});

test("the fingerprint of this content is what it has always been", () => {
  // When this changes, formatVersion must too.
  assert.equal(fingerprint(content), "98b776fbe13bd5574a0bc037a636e80305615c220a853a61e7135c4156b539b3");
});
