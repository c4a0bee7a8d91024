import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parsePublishAnswer } from "../../../src/release/publisher/publish-answer.ts";

const id = "0192f0c1-2d3e-7f4a-8b5c-6d7e8f901234";
const whole = {
  id,
  message: "Published",
  fingerprint: "a".repeat(64),
  tasks: [{ name: "tiles/Tile", version: "v1.0" }],
  files: ["a.py"],
};

function filesOf(files: unknown): readonly string[] {
  const parsed = parsePublishAnswer(JSON.stringify({ ...whole, files }));
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.answer.files;
}

describe("the answer of publish-release", () => {
  it("has an id, a fingerprint, tasks and files; what else it has is not read", () => {
    const parsed = parsePublishAnswer(`${JSON.stringify({ ...whole, id: id.toUpperCase() })}\n`);
    const { message: _, ...answer } = whole;
    assert.deepEqual(parsed, { ok: true, answer });
  });

  it("lists paths, or a tree whose paths are whole or relative to their folder", () => {
    assert.deepEqual(filesOf(["b/a.py", "c.py"]), ["b/a.py", "c.py"]);
    const leaf = { path: "b/b/a.py" };
    assert.deepEqual(
      filesOf([
        { path: "b", directory: true, children: [{ path: "b/b", directory: true, children: [leaf] }] },
      ]),
      ["b/b/a.py"],
    );
    assert.deepEqual(
      filesOf([{ path: "b", children: [{ path: "b", children: [{ path: "a.py" }] }] }, { path: "c" }]),
      ["b/b/a.py", "c"],
    );
  });

  for (const [what, text, problems] of [
    ["nothing", " \n", ["nothing was printed"]],
    ["a list", "[]", ["it is no JSON object"]],
    [
      "an empty object",
      "{}",
      [
        "id: nothing is not a UUID",
        "fingerprint: nothing is not a sha256 in lower-case hex",
        "tasks: nothing is not a list with entries",
        "files: nothing is not a list with entries",
      ],
    ],
    [
      "other forms",
      JSON.stringify({
        ...whole,
        tasks: ["tiles/Tile"],
        files: ["/etc/passwd", { path: "a/../b" }, { path: "" }],
      }),
      [
        'tasks[0]: "tiles/Tile" is not a name and a version',
        'files[0]: "/etc/passwd" is not a path inside the artifact',
        'files[1]: {"path":"a/../b"} is not a path inside the artifact',
        'files[2]: {"path":""} is not a path inside the artifact',
      ],
    ],
    [
      "a folder that is none",
      JSON.stringify({ ...whole, files: [{ path: "a", children: "b" }] }),
      ['files[0]: {"path":"a","children":"b"} is not a file or folder'],
    ],
  ] as const) {
    it(`is refused when it is ${what}`, () => {
      assert.deepEqual(parsePublishAnswer(text), { ok: false, problems });
    });
  }

  it("is refused when it is no JSON", () => {
    const parsed = parsePublishAnswer("Published!\n{}");
    assert.ok(!parsed.ok);
    assert.match(parsed.problems[0] ?? "", /^it is no JSON: /);
  });
});
