import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { describe, it } from "node:test";
import { leftOutFile, leftOutModule, pathInArtifact } from "../../src/build/left-out.ts";
import { moduleNames, type Places, problemAt, syntaxProblem, withoutFolder } from "../../src/build/places.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";

const artifact = resolve("/tmp/unpacked");
const repository = resolve("/home/someone/repository");

const places: Places = {
  project: {
    configPath: join(repository, "flow", "tilebox.workflow.toml"),
    repositoryRoot: repository,
    root: join(repository, "flow"),
    slug: "flow",
    entrypoint: { kind: "runner", objectPath: "a.b:runner" },
    include: [],
    exclude: [],
    useGitignore: true,
    targets: new Map(),
  },
  search: { checkout: join(repository, "flow"), artifact, packed: new Set(["a/b.py", "a/c.py"]) },
};
const frame = (path: string, line: number) => ({ file: resolve(artifact, path), line });

describe("places of an unpacked artifact in the checkout", () => {
  it("are the innermost that is the project's own", () => {
    const frames = [
      frame("a/b.py", 3),
      frame("a/c.py", 7),
      frame(".venv/lib/x.py", 9),
      frame("/usr/lib/y.py", 1),
    ];
    assert.deepEqual(problemAt(places, frames, "m"), { message: "m", file: "flow/a/c.py", line: 7 });
    assert.equal(
      problemAt(places, [frame("/usr/lib/y.py", 1), frame("made/at/runtime.py", 2)], "m"),
      undefined,
    );
    assert.equal(problemAt(places, [], "m"), undefined);
  });

  it("are a syntax error's own", () => {
    const raised = {
      kind: "raised",
      classes: ["SyntaxError"],
      message: "bad",
      frames: [],
      module: undefined,
    } as const;
    const file = join(artifact, "a", "c.py");
    assert.deepEqual(syntaxProblem(places, { ...raised, file, position: { line: 2, column: 5 } }), {
      message: "bad",
      file: "flow/a/c.py",
      line: 2,
      column: 5,
    });
    assert.equal(
      syntaxProblem(places, { ...raised, file: "/usr/lib/y.py", position: { line: 2, column: 5 } }),
      undefined,
    );
  });

  it("lose the temporary folder", () => {
    const text = `in '${join(artifact, "a", "b.py")}' of file://${artifact}`;
    assert.equal(withoutFolder(places, text), `in '${join("a", "b.py")}' of file://.`);
  });

  it("are none outside it, and none in its environment", () => {
    assert.equal(pathInArtifact(artifact, "a/b.py"), "a/b.py");
    assert.equal(pathInArtifact(artifact, join(artifact, "a", "b.py")), "a/b.py");
    for (const path of ["../x", "/etc/passwd", ".venv/lib/x.py", `${artifact}-other/x`])
      assert.equal(pathInArtifact(artifact, path), undefined, path);
  });

  it("give the names that can be imported", () => {
    const names = moduleNames([
      "a/__init__.py",
      "a/b.py",
      "src/c/d/e.py",
      "f.py",
      "g/data.json",
      "not-a-name.py",
    ]);
    assert.deepEqual([...names].sort(), ["a", "a.b", "c", "c.d", "c.d.e", "f"]);
  });
});

describe("what was left out", () => {
  it("is a file or module of the checkout that is not packed", async () => {
    await using checkout = await createScratchFolder({
      "src/a/__init__.py": "",
      "src/a/b.py": "",
      "c.py": "",
      "data/x.json": "",
    });
    const search = { checkout: checkout.path, artifact, packed: new Set(["src/a/__init__.py"]) };
    assert.equal(await leftOutModule(search, "a.b"), "src/a/b.py");
    assert.equal(await leftOutModule(search, "c"), "c.py");
    assert.equal(await leftOutModule(search, "a"), undefined);
    assert.equal(await leftOutModule(search, "a.z"), undefined);
    assert.equal(await leftOutModule(search, "../c"), undefined);
    assert.equal(await leftOutFile(search, join(artifact, "data", "x.json")), "data/x.json");
    assert.equal(await leftOutFile(search, "data/x.json"), "data/x.json");
    assert.equal(await leftOutFile(search, "data"), undefined);
    assert.equal(await leftOutFile(search, "src/a/__init__.py"), undefined);
    assert.equal(await leftOutFile(search, join(checkout.path, "c.py")), undefined);
  });
});
