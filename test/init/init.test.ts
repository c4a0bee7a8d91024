import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { UserError } from "../../src/errors.ts";
import { type InitOptions, initProject } from "../../src/init/init.ts";
import { documentedAction } from "../../src/init/workflow-files.ts";
import { loadProject } from "../../src/project/load.ts";
import { selectFiles } from "../../src/project/select.ts";
import { errorOf } from "../support/errors.ts";
import { createScratchFolder, type Files, type ScratchFolder } from "../support/scratch-folder.ts";

/** HEAD is what makes a folder a repository's root. */
const repository = { ".git/HEAD": "ref: refs/heads/main\n" };

const init = (folder: string, changes: Partial<InitOptions> = {}) =>
  initProject({
    folder,
    slug: undefined,
    runner: undefined,
    server: { kind: "hosted" },
    action: documentedAction,
    devClusters: ["dev"],
    productionClusters: ["north", "south"],
    ...changes,
  });

async function filesIn({ path }: ScratchFolder): Promise<Record<string, string>> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Object.fromEntries(
    await Promise.all(
      files.map(async ({ parentPath, name }) => {
        const file = join(parentPath, name);
        return [file.slice(path.length + 1).replaceAll("\\", "/"), await readFile(file, "utf8")];
      }),
    ),
  );
}

async function withFolder(files: Files, work: (folder: ScratchFolder) => Promise<void>): Promise<void> {
  await using folder = await createScratchFolder({ ...repository, ...files });
  await work(folder);
}

describe("init", () => {
  it("makes a project of an empty repository", () =>
    withFolder({}, async (folder) => {
      const made = init(folder.path, { slug: "my-workflow" });
      assert.deepEqual(made.written, [
        "tilebox.workflow.toml",
        ".github/workflows/check.yml",
        ".github/workflows/release.yml",
        ".github/workflows/promote.yml",
        "pyproject.toml",
        "runner.py",
        ".gitignore",
      ]);
      assert.deepEqual(Object.keys(await filesIn(folder)).sort(), [...made.written, ".git/HEAD"].sort());
      await folder.write({ "uv.lock": "" });
      const project = await loadProject(folder.path);
      assert.equal(project.slug, "my-workflow");
      assert.deepEqual(
        [...project.targets],
        [
          ["dev", ["dev"]],
          ["production", ["north", "south"]],
        ],
      );
      const { files } = await selectFiles(project);
      assert.deepEqual(
        files.map(({ path }) => path),
        ["pyproject.toml", "runner.py", "uv.lock"],
      );
    }));

  it("takes the slug from the folder, and names a project below the root in workflow files of its own", () =>
    withFolder({}, async (folder) => {
      const server = { kind: "own", url: "https://plane.example" } as const;
      const made = init(join(folder.path, "flows", "Scene QA!"), { server });
      assert.equal(made.slug, "scene-qa");
      const files = await filesIn(folder);
      const workflow = files[".github/workflows/release-scene-qa.yml"] ?? "";
      assert.match(workflow, /^ {10}project: 'flows\/Scene QA!'$/m);
      assert.match(workflow, /^ {10}api-url: https:\/\/plane\.example$/m);
      assert.doesNotMatch(workflow, /cli\.tilebox\.com/);
      assert.ok("flows/Scene QA!/runner.py" in files);
    }));

  it("binds a project that is there, with what it needs to be installed", async () => {
    const pyproject = '[project]\nname = "scenes"\nreadme = "docs/about.md"\n';
    await withFolder(
      { "pyproject.toml": pyproject, "docs/about.md": "", "src/scenes/runner.py": "", ".gitignore": "x\n" },
      async (folder) => {
        const made = init(folder.path, { slug: "scenes", runner: "scenes.runner:runner" });
        const workflows = ["check", "release", "promote"].map((name) => `.github/workflows/${name}.yml`);
        assert.deepEqual(made.written, ["tilebox.workflow.toml", ...workflows]);
        const files = await filesIn(folder);
        assert.equal(files["pyproject.toml"], pyproject);
        assert.match(
          files["tilebox.workflow.toml"] ?? "",
          /^include = \["src\/scenes\/\*\*", "pyproject\.toml", "uv\.lock", "docs\/about\.md"\]$/m,
        );
      },
    );
  });

  it("writes nothing where anything is in the way, and names it all", async () => {
    const before = {
      "tilebox.workflow.toml": "mine",
      "runner.py": { link: "nowhere" },
      ".github/workflows": "a file",
    };
    await withFolder(before, async (folder) => {
      const files = await filesIn(folder);
      assert.throws(
        () => init(folder.path),
        (error: unknown) => {
          assert.ok(error instanceof UserError && error.code === "already-exists");
          assert.deepEqual(
            error.problems.map(({ file, message }) => `${file} ${message}`),
            [
              "tilebox.workflow.toml is there already",
              "runner.py is there already",
              ".github/workflows is not a folder",
            ],
          );
          return true;
        },
      );
      assert.deepEqual(await filesIn(folder), files);
    });
  });

  // Windows has no limit that takes the place of a full disk.
  if (process.platform !== "win32") {
    it("leaves nothing, not even an empty file, where the disk takes no text", () =>
      withFolder({}, async (folder) => {
        const cli = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));
        const argv = [process.execPath, cli, "init", folder.path, "--json"];
        const run = spawnSync("/bin/sh", ["-c", 'ulimit -f 0; exec "$@"', "sh", ...argv], {
          encoding: "utf8",
        });
        assert.equal(JSON.parse(run.stdout).failure.code, "disk-failed", run.stderr);
        assert.deepEqual(await filesIn(folder), repository);
      }));
  }

  it("writes nothing the second time", () =>
    withFolder({}, async (folder) => {
      init(folder.path, { slug: "twice" });
      const files = await filesIn(folder);
      assert.throws(() => init(folder.path, { slug: "twice" }), errorOf("already-exists"));
      assert.deepEqual(await filesIn(folder), files);
    }));

  for (const [what, files, changes, message] of [
    ["a slug that is none", {}, { slug: "a b" }, /"a b" is not a slug/],
    ["an action that would be code", {}, { action: "a/b@v1\n      - run: id" }, /is not an action/],
    ["a Runner without a project", {}, { runner: "a:b" }, /no Python project yet/],
    ["a project without its Runner", { "pyproject.toml": "" }, {}, /its Runner is not named/],
    ["a module that is not there", { "pyproject.toml": "" }, { runner: "a.b:c" }, /There is no module a in/],
    [
      "a pyproject.toml that cannot be read",
      { "pyproject.toml": "[", "a.py": "" },
      { runner: "a:b" },
      /pyproject\.toml cannot be read/,
    ],
  ] as const) {
    it(`refuses ${what}`, () =>
      withFolder(files, async (folder) => {
        const before = await filesIn(folder);
        assert.throws(() => init(folder.path, { slug: "s", ...changes }), errorOf("input-invalid", message));
        assert.deepEqual(await filesIn(folder), before);
      }));
  }
});
