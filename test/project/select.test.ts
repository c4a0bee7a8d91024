import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { type Problem, UserError } from "../../src/errors.ts";
import { loadProject } from "../../src/project/load.ts";
import { selectFiles } from "../../src/project/select.ts";
import type { Selection } from "../../src/project/selection.ts";
import { errorOf } from "../support/errors.ts";
import { createScratchFolder, type Files } from "../support/scratch-folder.ts";

/** For what Windows has no way to make. */
const posixTest = process.platform === "win32" ? () => {} : test;

function config(build: string, root = "."): string {
  return `[workflow]\nslug = "tiles"\nroot = "${root}"\nrunner = "a:b"\n\n[build]\n${build}\n`;
}

const everything = config('include = ["**"]');

async function select(files: Files, inside = ""): Promise<Selection> {
  await using folder = await createScratchFolder(files);
  return await selectFiles(await loadProject(join(folder.path, inside)));
}

async function paths(files: Files, inside = ""): Promise<string[]> {
  return (await select(files, inside)).files.map((file) => file.path);
}

async function problemsOf(folder: string): Promise<readonly Problem[]> {
  const error = await selectFiles(await loadProject(folder)).then(
    () => assert.fail("the files were accepted"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof UserError, String(error));
  assert.equal(error.code, "files-invalid");
  return error.problems;
}

async function problems(files: Files, inside = ""): Promise<readonly Problem[]> {
  await using folder = await createScratchFolder(files);
  return await problemsOf(join(folder.path, inside));
}

function messages(found: readonly Problem[]): string[] {
  return found.map((problem) => problem.message);
}

test("include and exclude are globs from the root; ** may match nothing; dotfiles match", async () => {
  const files = {
    "tilebox.workflow.toml": config(
      'include = ["src/**/*.py", "*.toml", "data/*"]\nexclude = ["**/test_*.py"]',
    ),
    "src/a.py": "",
    "src/.hidden.py": "",
    "src/deep/er/b.py": "",
    "src/deep/test_b.py": "",
    "src/notes.txt": "",
    "data/.env": "",
    "data/x.csv": "",
    "data/deep/y.csv": "",
    "other/a.py": "",
  };
  assert.deepEqual(await paths(files), [
    "data/.env",
    "data/x.csv",
    "src/.hidden.py",
    "src/a.py",
    "src/deep/er/b.py",
    "tilebox.workflow.toml",
  ]);
});

test("the order is that of the bytes of the paths", async () => {
  const names = ["a/b", "a.py", "a-b", "B", "b", "\u{e000}", "\u{1f600}", "é", "z", "a0/x", "_"];
  const found = await paths({
    "tilebox.workflow.toml": config('include = ["**"]\nexclude = ["tilebox.workflow.toml", "b"]'),
    ...Object.fromEntries(names.map((name) => [name, ""])),
  });
  const sorted = names
    .filter((name) => name !== "b")
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  assert.deepEqual(found, sorted);
});

test("names with brackets are chosen by the same name, or escaped", async () => {
  const files = {
    "tilebox.workflow.toml": config(`include = ["a[1].py", 'b\\[2\\].py', 'c\\[3\\]/*.py']`),
    "a[1].py": "",
    "a1.py": "",
    "b[2].py": "",
    "b2.py": "",
    "c[3]/x.py": "",
  };
  assert.deepEqual(await paths(files), ["a1.py", "a[1].py", "b[2].py", "c[3]/x.py"]);
});

test(".git, our own output and the archive never enter", async () => {
  const files = {
    ".git/HEAD": "",
    "tilebox.workflow.toml": config('include = ["**"]\nuse_gitignore = false'),
    ".workflow-release/build.json": "",
    "deep/.workflow-release/x": "",
    "tiles.tar.zst": "",
    "deep/tiles.tar.zst": "",
    "other.tar.zst": "",
  };
  assert.deepEqual(await paths(files), ["other.tar.zst", "tilebox.workflow.toml"]);
});

test("what a build wrote elsewhere does not enter the next one", async () => {
  await using folder = await createScratchFolder({
    "tilebox.workflow.toml": everything,
    "out/build.json": "",
    "out/tiles.tar.zst": "",
    "src/build.json": "not ours",
  });
  const project = await loadProject(folder.path);
  const { files } = await selectFiles(project, [join(folder.path, "out/build.json")]);
  assert.deepEqual(
    files.map((file) => file.path),
    ["src/build.json", "tilebox.workflow.toml"],
  );
});

test(".gitignore files apply: nested, negated, for folders only, from the folders above the root", async () => {
  const files = {
    ".git/HEAD": "",
    ".gitignore": "*.log\n/flows/a/generated/\n!flows/a/keep.log\n",
    "flows/.gitignore": "*.tmp\n",
    "flows/a/tilebox.workflow.toml": everything,
    "flows/a/.gitignore": "build/\n!wanted.tmp\n",
    "flows/a/x.log": "",
    "flows/a/keep.log": "",
    "flows/a/x.tmp": "",
    "flows/a/wanted.tmp": "",
    "flows/a/build/x": "",
    "flows/a/sub/build": "a file, not a folder",
    "flows/a/generated/x": "",
    "flows/a/sub/.gitignore": "!*.log\n",
    "flows/a/sub/x.log": "",
  };
  assert.deepEqual(await paths(files, "flows/a"), [
    ".gitignore",
    "keep.log",
    "sub/.gitignore",
    "sub/build",
    "sub/x.log",
    "tilebox.workflow.toml",
    "wanted.tmp",
  ]);
  const without = {
    ...files,
    "flows/a/tilebox.workflow.toml": config('include = ["**"]\nuse_gitignore = false'),
  };
  assert.equal((await paths(without, "flows/a")).length, 11);
});

test("a folder that a deeper .gitignore takes back is asked about entry by entry", async () => {
  const files = {
    "tilebox.workflow.toml": config('include = ["sub/**"]'),
    ".gitignore": "*.d/\nsecret\n",
    "sub/.gitignore": "!x.d/\n",
    "sub/x.d/kept.py": "",
    "sub/x.d/secret": "",
    "sub/x.d/y.d/lost.py": "",
    "sub/other.d/lost.py": "",
    "sub/x.d/y.d2/kept.py": "",
  };
  assert.deepEqual(await paths(files), ["sub/.gitignore", "sub/x.d/kept.py", "sub/x.d/y.d2/kept.py"]);
});

test("a .gitignore that is a symlink, .git/info/exclude and another case do not count", async () => {
  const files = {
    ".git/HEAD": "",
    ".git/info/exclude": "mine.txt\n",
    "tilebox.workflow.toml": config('include = ["*.txt"]'),
    patterns: "a.txt\n",
    ".gitignore": { link: "patterns" },
    "a.txt": "",
    "mine.txt": "",
  };
  assert.deepEqual(await paths(files), ["a.txt", "mine.txt"]);
  const upper = {
    "tilebox.workflow.toml": config('include = ["*.txt"]'),
    ".gitignore": "B.txt\n",
    "b.txt": "",
  };
  assert.deepEqual(await paths(upper), ["b.txt"]);
});

test("a root in an ignored folder is an error that names the pattern", async () => {
  const [problem] = await problems(
    { ".git/HEAD": "", ".gitignore": "\nout/\n", "out/deep/tilebox.workflow.toml": everything },
    "out/deep",
  );
  assert.deepEqual(problem, {
    file: ".gitignore",
    line: 2,
    message: '[workflow] root lies in a folder that "out/" ignores.',
    hint: "change the pattern, or set use_gitignore = false",
  });
});

test("a tracked file that is ignored stays out, and a notice says so", async () => {
  await using folder = await createScratchFolder({
    "flow/tilebox.workflow.toml": config('include = ["**"]\nexclude = ["excluded.log"]'),
    "flow/.gitignore": "*.log\nout/\n",
    "flow/kept.log": "",
    "flow/out/deep/kept.txt": "",
    "flow/excluded.log": "",
    "kept.log": "outside the root",
  });
  const git = (...args: string[]) => execFileSync("git", args, { cwd: folder.path });
  git("init", "--quiet");
  git("add", "--all", "--force");
  await folder.write({ "flow/untracked.log": "" });
  const selection = await selectFiles(await loadProject(join(folder.path, "flow")));
  assert.deepEqual(
    selection.files.map((file) => file.path),
    [".gitignore", "tilebox.workflow.toml"],
  );
  assert.deepEqual(selection.notices, [
    "2 files that git tracks stay out because a .gitignore ignores them: kept.log, out/deep/kept.txt.",
  ]);
});

test("untracked ignored files are nothing to tell", async () => {
  const selection = await select({
    "tilebox.workflow.toml": everything,
    ".gitignore": "*.log\n",
    "x.log": "",
  });
  assert.deepEqual(selection.notices, []);
});

test("every include pattern must select something, and the error says what took it away", async () => {
  const found = await problems({
    "tilebox.workflow.toml": config(
      'include = ["a.py", "tpyo.py", "src", "gone/**", "lost/deep/**", "log/*.log", "x.tmp"]\nexclude = ["gone/*", "lost/**"]',
    ),
    "a.py": "",
    "src/x.py": "",
    "gone/a": "",
    "lost/deep/b": "",
    ".gitignore": "log/\n*.tmp\n",
    "log/a.log": "",
    "x.tmp": "",
  });
  assert.deepEqual(
    found.map(({ line, column, message, hint }) => `${line}:${column} ${message} -> ${hint}`),
    [
      '7:20 include "tpyo.py" selects no file. -> correct it, or remove it',
      '7:31 include "src" selects no file: it names a folder. -> write "src/**"',
      '7:38 include "gone/**" selects no file: gone/a is excluded by "gone/*". -> change one of the two patterns',
      '7:49 include "lost/deep/**" selects no file: lost is excluded by "lost/**". -> change one of the two patterns',
      '7:65 include "log/*.log" selects no file: log/ is ignored by "log/" in .gitignore, line 1. -> change the pattern there, or set use_gitignore = false',
      '7:78 include "x.tmp" selects no file: x.tmp is ignored by "*.tmp" in .gitignore, line 2. -> change the pattern there, or set use_gitignore = false',
    ],
  );
});

test("an exclude pattern that names a folder and matches no file gets a notice", async () => {
  const selection = await select({
    "tilebox.workflow.toml": config(
      'include = ["**"]\nexclude = ["data", "*", "cache/**", "**/notes", "nowhere"]',
    ),
    "data/x": "",
    "cache/y": "",
    "a/notes": "a file",
    "b/notes/x": "",
  });
  assert.deepEqual(selection.notices, [
    'exclude "data" matches the folder data/ but no file; write "data/**" to exclude what is in it.',
  ]);
});

test("symlinks inside the root are kept as they are, also to folders, also broken ones with a notice", async () => {
  const selection = await select({
    "tilebox.workflow.toml": config('include = ["**"]\nexclude = ["left-out"]'),
    "src/a.py": "",
    "left-out": "",
    "link.py": { link: "src/a.py" },
    "deep/er/up.py": { link: "../../src/a.py" },
    "folder-link": { link: "src" },
    "through.py": { link: "folder-link/a.py" },
    "root-link": { link: "." },
    "broken.py": { link: "nowhere.py" },
    "out.py": { link: "left-out" },
  });
  const links = selection.files.filter((file) => file.kind === "symlink");
  assert.deepEqual(
    links.map((link) => `${link.path} -> ${link.target}`),
    [
      "broken.py -> nowhere.py",
      "deep/er/up.py -> ../../src/a.py",
      "folder-link -> src",
      "link.py -> src/a.py",
      "out.py -> left-out",
      "root-link -> .",
      "through.py -> folder-link/a.py",
    ],
  );
  assert.ok(!selection.files.some((file) => file.path.startsWith("folder-link/")), "links are not followed");
  assert.deepEqual(selection.notices, [
    "broken.py is a symlink to nowhere.py, which is not in the artifact.",
    "out.py is a symlink to left-out, which is not in the artifact.",
  ]);
});

test("symlinks that leave the root, or could, are errors that name them", async () => {
  await using outside = await createScratchFolder({ "secret.txt": "" });
  const found = await problems({
    "tilebox.workflow.toml": everything,
    "a/up": { link: "../../secret.txt" },
    absolute: { link: outside.path },
    folder: { link: "a" },
    "b/zigzag": { link: "../folder/../../secret.txt" },
  });
  assert.deepEqual(messages(found), [
    "a/up is a symlink that leaves the root: ../../secret.txt.",
    `absolute is a symlink to the absolute path ${outside.path}.`,
    "b/zigzag is a symlink that climbs after it descends: ../folder/../../secret.txt.",
  ]);
});

posixTest("sockets and pipes stay out with a notice", async () => {
  await using folder = await createScratchFolder({ "tilebox.workflow.toml": everything, "a.py": "" });
  execFileSync("mkfifo", [join(folder.path, "pipe")]);
  const server = createServer().listen(join(folder.path, "socket"));
  await new Promise((resolve) => server.once("listening", resolve));
  const selection = await selectFiles(await loadProject(folder.path));
  server.close();
  assert.deepEqual(
    selection.files.map((file) => file.path),
    ["a.py", "tilebox.workflow.toml"],
  );
  assert.deepEqual(selection.notices, [
    "pipe is a socket, a pipe or a device and stays out.",
    "socket is a socket, a pipe or a device and stays out.",
  ]);
});

test("submodules and clones inside the root stay out with a notice", async () => {
  const selection = await select({
    "tilebox.workflow.toml": config('include = ["**/*.py"]'),
    "a.py": "",
    "vendor/clone/.git/HEAD": "",
    "vendor/clone/b.py": "",
    "vendor/module/.git": "gitdir: ../../.git/modules/module\n",
    "vendor/module/c.py": "",
    "plain/.git/nothing": "",
    "plain/d.py": "",
  });
  assert.deepEqual(
    selection.files.map((file) => file.path),
    ["a.py", "plain/d.py"],
  );
  assert.deepEqual(selection.notices, [
    "vendor/clone/ is a repository of its own (a submodule or a clone) and stays out.",
    "vendor/module/ is a repository of its own (a submodule or a clone) and stays out.",
  ]);
});

test("names that differ only by case or by Unicode form are errors, folders too", async () => {
  const found = await problems({
    "tilebox.workflow.toml": everything,
    "README.md": "",
    "readme.md": "",
    "Pkg/a.py": "",
    "pkg/b.py": "",
    "caf\u00e9.txt": "",
    "cafe\u0301.txt": "",
    "stra\u00dfe": "",
    STRASSE: "",
  });
  assert.deepEqual(messages(found).sort(), [
    "caf\u00e9.txt differs from cafe\u0301.txt only by case or by Unicode form.",
    "pkg/b.py differs from Pkg only by case or by Unicode form.",
    "readme.md differs from README.md only by case or by Unicode form.",
    "stra\u00dfe differs from STRASSE only by case or by Unicode form.",
  ]);
});

test("names that are not UTF-8 are errors; a name with the replacement character is not", async () => {
  await using folder = await createScratchFolder({ "tilebox.workflow.toml": everything, "ok\ufffd.txt": "" });
  const bad = Buffer.concat([Buffer.from(`${folder.path}/`), Buffer.from([0x62, 0xe9, 0x20])]);
  try {
    writeFileSync(bad, "");
  } catch {
    return; // macOS and Windows refuse to make such a name.
  }
  mkdirSync(Buffer.concat([Buffer.from(`${folder.path}/`), Buffer.from([0xff])]));
  assert.deepEqual(messages(await problemsOf(folder.path)), [
    "b\\xe9\\x20 has a name that is not UTF-8.",
    "\\xff has a name that is not UTF-8.",
  ]);
});

posixTest("names that break elsewhere are errors", async () => {
  const found = await problems({
    "tilebox.workflow.toml": everything,
    "line\nend": "",
    "back\\slash": "",
    [`${"long/".repeat(190)}x`]: "",
  });
  assert.equal(found.length, 3);
  assert.match(found[0]?.message ?? "", /back\\slash has a control character or a backslash/);
  assert.match(found[1]?.message ?? "", /line\nend has a control character/);
  assert.match(found[2]?.message ?? "", /is longer than 900 bytes/);
});

test("all problems are reported together", async () => {
  const found = await problems({
    "tilebox.workflow.toml": config('include = ["**", "nowhere"]'),
    a: "",
    A: "",
    out: { link: "/etc" },
  });
  assert.equal(found.length, 3);
});

test("folders that are ignored, excluded or never included are not read", async () => {
  // A repository of its own gets a notice as soon as its folder is read.
  const selection = await select({
    "tilebox.workflow.toml": config('include = ["src/**"]\nexclude = ["src/cache/**", "**/__pycache__/**"]'),
    ".gitignore": "venv/\n",
    "src/a.py": "",
    "src/venv/clone/.git/HEAD": "",
    "src/cache/clone/.git/HEAD": "",
    "src/deep/__pycache__/clone/.git/HEAD": "",
    "data/clone/.git/HEAD": "",
  });
  assert.deepEqual(selection.notices, []);
});

test("a folder that cannot be read", async () => {
  await using folder = await createScratchFolder({
    "tilebox.workflow.toml": config('include = ["**"]', "src"),
    "src/a": "",
  });
  const project = await loadProject(folder.path);
  rmSync(project.root, { recursive: true });
  await assert.rejects(selectFiles(project), errorOf("files-invalid", /src cannot be read: ENOENT/));
});
