import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { addIgnoreFile, enterFolder, findIgnoreMatch } from "../../src/project/gitignore.ts";
import type { Project } from "../../src/project/project.ts";
import { walkProject } from "../../src/project/walk.ts";
import { planWalk } from "../../src/project/walk-plan.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";

/** Few names, so that patterns hit often, on files and folders alike. */
const name = fc.constantFrom("a", "b", "ab", "x.d", "k.log", "!b", "#b", "b c");
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));

const segment = fc.constantFrom(
  "a",
  "b",
  "ab",
  "x.d",
  "k.log",
  "*",
  "**",
  "?",
  "a*",
  "*.d",
  "*.log",
  "[ab]",
  "[!a]",
  "b\\ c",
);
const pattern = fc
  .record({
    negated: fc.boolean(),
    anchored: fc.boolean(),
    segments: fc.array(segment, { minLength: 1, maxLength: 3 }),
    folderOnly: fc.boolean(),
    end: fc.constantFrom("", "", "", " ", "\r"),
  })
  .map(({ negated, anchored, segments, folderOnly, end }) => {
    const body = `${anchored ? "/" : ""}${segments.join("/")}${folderOnly ? "/" : ""}`;
    return `${negated ? "!" : ""}${body}${end}`;
  });
const line = fc.oneof(
  { weight: 8, arbitrary: pattern },
  fc.constantFrom("", "# a", "\\#b", "\\!b", "!", "/", "b\\"),
);
const ignoreFile = fc.record({
  folder: fc.oneof(fc.constant(""), path),
  lines: fc.array(line, { minLength: 1, maxLength: 5 }),
  lastLineEnds: fc.boolean(),
});
const repository = fc.record({
  files: fc.array(path, { minLength: 3, maxLength: 12 }),
  ignoreFiles: fc.array(ignoreFile, { minLength: 1, maxLength: 3 }),
});

/** Writes what does not stand in the way of something written before: a name is a file or a folder. */
function tryWrite(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "ENOTDIR" && code !== "EISDIR" && code !== "EEXIST") throw error;
  }
}

function untrackedFiles(folder: string): string[] {
  const args = [
    "-c",
    "core.excludesFile=",
    "-c",
    "core.ignoreCase=false",
    "ls-files",
    "-z",
    "-o",
    "--exclude-standard",
  ];
  const listed = execFileSync("git", args, { cwd: folder, encoding: "utf8" }).split("\0").slice(0, -1);
  return listed.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function projectIn(root: string, repositoryRoot: string): Project {
  return {
    configPath: join(root, "tilebox.workflow.toml"),
    repositoryRoot,
    root,
    slug: "any",
    entrypoint: { kind: "runner", objectPath: "a:b" },
    include: ["**"],
    exclude: [],
    useGitignore: true,
    targets: new Map(),
  };
}

test("the same files are ignored as git ignores", async () => {
  await using scratch = await createScratchFolder();
  execFileSync("git", ["init", "--quiet", "--template=", scratch.path]);
  const work = join(scratch.path, "work");
  const project = projectIn(work, scratch.path);
  fc.assert(
    fc.property(repository, ({ files, ignoreFiles }) => {
      rmSync(work, { recursive: true, force: true });
      rmSync(join(scratch.path, ".gitignore"), { force: true });
      mkdirSync(work);
      for (const file of files) tryWrite(join(work, file), "");
      ignoreFiles.forEach(({ folder, lines, lastLineEnds }, index) => {
        // The first lies above the project's root.
        const at = index === 0 ? scratch.path : join(work, folder);
        tryWrite(join(at, ".gitignore"), lines.join("\n") + (lastLineEnds ? "\n" : ""));
      });
      const plan = planWalk(project, []);
      const found = plan.rootIgnored === undefined ? walkProject(plan).files.map((file) => file.path) : [];
      assert.deepEqual(found, untrackedFiles(work));
    }),
    { numRuns: 300 },
  );
});

test("as git, where the end of a line is not the end of a name", async () => {
  const texts = {
    "a mark of UTF-8 before the first line": "\ufeffa.log\nb.log\n",
    "a mark of UTF-8 alone": "\ufeff",
    "a tab at the end": "a.log\t\nb.log\n",
    "a tab before the end": "c\td.log\n",
    "line ends of Windows": "a.log\r\nbuild/\r\n",
    "a carriage return inside": "a\rb.log\n",
    "spaces that count, and that do not": "a.log\\ \nb.log  \n",
    "taken back by a longer name": "*.log\n!keep/a.log\n!b.log\n",
    "a folder taken back": "/*\n!/keep/\n/keep/*\n!/keep/a.log\n",
    "a folder taken back that ends like another": "*eep/\n!keep/\n",
    "for folders alone, by the end of their names": "*ild/\nkee?/\n",
    "the end of a folder's name alone": "ild/\neep\n",
    "two slashes at the end": "build//\n",
    "all below, but not the folder": "build/**\nkeep/*/\n",
    "an escaped end": "a\\.log\nbuil\\d/\n",
    "a class at the end": "*.lo[fg]\nbuil[d]/\n",
    "a number sign and an exclamation mark, escaped": "\\#x.log\n\\!y.log\n",
    "no line end at the end": "build/",
  };
  // Windows has no file whose name has a control character or ends with a space; the patterns are tried there, too.
  const unknownToWindows = ["a.log\t", "a.log ", "c\td.log", "a\rb.log"];
  const names = [
    ...["a.log", "b.log", "#x.log", "!y.log", "\ufeffa.log"],
    ...(process.platform === "win32" ? [] : unknownToWindows),
  ];
  await using scratch = await createScratchFolder();
  execFileSync("git", ["init", "--quiet", "--template=", scratch.path]);
  for (const folder of ["", "build/", "keep/", "keep/build/", "keep/deep/keep/"]) {
    for (const name of names) tryWrite(join(scratch.path, folder, name), "");
  }
  for (const [what, text] of Object.entries(texts)) {
    writeFileSync(join(scratch.path, ".gitignore"), text);
    const found = walkProject(planWalk(projectIn(scratch.path, scratch.path), [])).files;
    const paths = found.map((file) => file.path);
    assert.deepEqual(paths, untrackedFiles(scratch.path), what);
  }
});

test("the pattern that ignores a path is named with its file and line", () => {
  const top = addIgnoreFile(undefined, "", "# logs\r\n*.log\r\n\r\n!keep.log\n");
  const deep = addIgnoreFile(enterFolder(top, "sub/"), "sub/", "\n\n/only-here  \n");
  assert.deepEqual(findIgnoreMatch(deep, "sub/x.log"), { pattern: "*.log", file: ".gitignore", line: 2 });
  assert.deepEqual(findIgnoreMatch(deep, "sub/only-here"), {
    pattern: "/only-here  ",
    file: "sub/.gitignore",
    line: 3,
  });
  assert.equal(findIgnoreMatch(deep, "sub/keep.log"), undefined);
  assert.equal(findIgnoreMatch(deep, "sub/deeper/only-here"), undefined);
});
