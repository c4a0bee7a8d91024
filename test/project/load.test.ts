import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type Problem, UserError } from "../../src/errors.ts";
import { loadProject } from "../../src/project/load.ts";
import type { Project } from "../../src/project/project.ts";
import { createScratchFolder, type Files } from "../support/scratch-folder.ts";

const minimal = `[workflow]
slug = "tiles"
runner = "tiles.runner:runner"

[build]
include = ["tiles/**"]
`;

/** What loading a configuration reports, in the file's order. */
async function problemsOf(config: string | Uint8Array, files: Files = {}): Promise<readonly Problem[]> {
  await using folder = await createScratchFolder({ ...files, "tilebox.workflow.toml": config });
  const error = await loadProject(folder.path).then(
    () => assert.fail("the configuration was accepted"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof UserError, String(error));
  assert.equal(error.code, "config-invalid");
  assert.ok(error.problems.length > 0);
  for (const problem of error.problems) assert.equal(problem.file, "tilebox.workflow.toml");
  return error.problems;
}

/** `line:column message -> hint`, short enough to read as a table. */
function brief(problems: readonly Problem[]): string[] {
  return problems.map(({ line, column, message, hint }) => `${line}:${column} ${message} -> ${hint ?? "-"}`);
}

async function load(config: string | Uint8Array, files: Files = {}): Promise<Project> {
  await using folder = await createScratchFolder({ ...files, "tilebox.workflow.toml": config });
  return await loadProject(folder.path);
}

test("reads every field", async () => {
  await using folder = await createScratchFolder({
    ".git/HEAD": "ref: refs/heads/main\n",
    "flows/a/tilebox.workflow.toml": `[workflow]
slug = "my-Workflow-2"
root = "../common-flow"
command = ["uv", "run", "serve.py"]
[build]
include = ["**/*.py", "uv.lock"]
exclude = ["tests/**"]
use_gitignore = false
[targets.dev]
clusters = ["dev-1"]
[targets."prod_eu"]
clusters = ["eu-1", "eu-2"]
`,
    "flows/common-flow/serve.py": "",
  });
  const project = await loadProject(join(folder.path, "flows/a"));
  assert.deepEqual(project, {
    configPath: join(folder.path, "flows/a/tilebox.workflow.toml"),
    repositoryRoot: folder.path,
    root: join(folder.path, "flows/common-flow"),
    slug: "my-Workflow-2",
    entrypoint: { kind: "command", argv: ["uv", "run", "serve.py"] },
    include: ["**/*.py", "uv.lock"],
    exclude: ["tests/**"],
    useGitignore: false,
    targets: new Map([
      ["dev", ["dev-1"]],
      ["prod_eu", ["eu-1", "eu-2"]],
    ]),
  });
});

test("root, exclude, use_gitignore and targets have defaults", async () => {
  await using folder = await createScratchFolder({ "tilebox.workflow.toml": minimal });
  const project = await loadProject(folder.path);
  assert.equal(project.root, folder.path);
  assert.equal(project.repositoryRoot, folder.path);
  assert.deepEqual(project.exclude, []);
  assert.equal(project.useGitignore, true);
  assert.equal(project.targets.size, 0);
  assert.deepEqual(project.entrypoint, { kind: "runner", objectPath: "tiles.runner:runner" });
});

test("CRLF line ends and a byte order mark change nothing", async () => {
  const project = await load(`\uFEFF${minimal.replaceAll("\n", "\r\n")}`);
  assert.equal(project.slug, "tiles");
  const withMark = `\uFEFF[workflow]\r\nslug = "a b"\r\nrunner = "a:b"\r\n[build]\r\ninclude = []\r\n`;
  assert.deepEqual(brief(await problemsOf(withMark)), [
    '2:8 "a b" is not a slug: 1 to 100 ASCII letters, digits and hyphens. -> write "a-b"',
    "5:11 include is an empty array. -> name at least one",
  ]);
});

test("is found upward, and the nearest one wins", async () => {
  await using folder = await createScratchFolder({
    ".git/HEAD": "",
    "tilebox.workflow.toml": minimal,
    "deep/er/file.txt": "",
    "other/tilebox.workflow.toml": minimal.replace("tiles", "other"),
    "other/down/file.txt": "",
  });
  assert.equal((await loadProject(join(folder.path, "deep/er"))).slug, "tiles");
  assert.equal((await loadProject(join(folder.path, "other/down"))).slug, "other");
});

test("is not looked for above the repository's root", async () => {
  await using folder = await createScratchFolder({
    "tilebox.workflow.toml": minimal,
    "clone/.git/HEAD": "",
    "clone/src/file.txt": "",
    "worktree/.git": "gitdir: elsewhere\n",
    "worktree/src/file.txt": "",
    "empty/.git/objects/file": "",
  });
  for (const inside of ["clone/src", "clone", "worktree/src"]) {
    await assert.rejects(loadProject(join(folder.path, inside)), { code: "config-not-found" }, inside);
  }
  assert.equal((await loadProject(join(folder.path, "empty"))).slug, "tiles", "git does not know this .git");
});

test("a folder that does not exist, and a file in its place, are told apart", async () => {
  await using folder = await createScratchFolder({ "file.txt": "" });
  await assert.rejects(loadProject(join(folder.path, "nowhere")), /does not exist/);
  await assert.rejects(loadProject(join(folder.path, "file.txt")), /is not a folder/);
});

test("all problems of a file are reported together, each at its place", async () => {
  const problems = await problemsOf(`[workflow]
slug = "bad slug"
rot = "."
runner = "pkg/runner.py:runner"

[build]
include = ["src/**", "/etc/passwd", 3]
use_gitignore = "yes"

[target.dev]
clusters = ["a"]

[targets.prod]
clusters = ["a", "b", "a"]
regions = 1
`);
  assert.deepEqual(brief(problems), [
    '2:8 "bad slug" is not a slug: 1 to 100 ASCII letters, digits and hyphens. -> write "bad-slug"',
    '3:1 "rot" is not known in [workflow]. -> did you mean root?',
    '4:10 "pkg/runner.py:runner" is not a runner path: it must be module:object, both dotted Python names. -> write "pkg.runner:runner"',
    "7:37 include has a number in it; it holds strings only. -> -",
    "8:17 use_gitignore is a string, not a boolean. -> write true or false, without quotes",
    '10:1 "target" is not known at the top level. -> did you mean targets?',
    '14:23 [targets.prod] names the cluster "a" twice. -> remove one',
    '15:1 "regions" is not known in [targets.prod]. -> known here: clusters',
  ]);
});

test("every problem of every kind has a line within the file", async () => {
  const text = `workflow = 3
build = []
targets = "dev"
[extra.table]
x = { y = 1 }
`;
  assert.deepEqual(brief(await problemsOf(text)), [
    "1:1 workflow is a number, not a table. -> write [workflow]",
    "2:1 build is an array, not a table. -> write [build]",
    "3:1 targets is a string, not a table. -> write [targets.NAME] with clusters",
    '4:1 "extra" is not known at the top level. -> known here: workflow, build, targets',
  ]);
});

test("missing tables and keys", async () => {
  assert.deepEqual(brief(await problemsOf("")), [
    '1:1 The table [workflow] is missing. -> add [workflow] with slug = "my-workflow"',
    '1:1 The table [build] is missing. -> add [build] with include = ["my_workflow/**"]',
  ]);
  assert.deepEqual(brief(await problemsOf("[worfklow]\n[buld]\n")), [
    '1:1 "worfklow" is not known at the top level. -> did you mean workflow?',
    "1:1 The table [workflow] is missing. -> rename [worfklow]",
    "1:1 The table [build] is missing. -> rename [buld]",
    '2:1 "buld" is not known at the top level. -> did you mean build?',
  ]);
  assert.deepEqual(brief(await problemsOf("[workflow]\n\n[build]\n")), [
    '1:1 [workflow] has no slug. -> add slug = "my-workflow", the slug of the workflow',
    '1:1 [workflow] has neither runner nor command. -> add runner = "module:object", the Runner object that registers the tasks',
    '3:1 [build] has no include. -> add include = ["my_workflow/**", "pyproject.toml", "uv.lock"]',
  ]);
});

test("runner and command together", async () => {
  const both = minimal.replace("[build]", 'command = ["python"]\n[build]');
  assert.deepEqual(brief(await problemsOf(both)), [
    "5:1 [workflow] has both runner and command. -> keep the one that starts the worker",
  ]);
});

test("wrong types", async () => {
  const text = `[workflow]
slug = 1979-05-27
root = ["."]
command = "python serve.py"
[build]
include = "src/**"
exclude = { a = 1 }
use_gitignore = 1
[targets]
dev = ["a"]
[targets.prod]
clusters = "a"
`;
  assert.deepEqual(brief(await problemsOf(text)), [
    "2:8 slug is a date, not a string. -> write one string in quotes",
    "3:8 root is an array, not a string. -> write one string in quotes",
    '4:11 command is a string, not an array of strings. -> write command = ["python serve.py"]',
    '6:11 include is a string, not an array of strings. -> write include = ["src/**"]',
    '7:11 exclude is a table, not an array of strings. -> write ["...", "..."]',
    "8:17 use_gitignore is a number, not a boolean. -> write true or false, without quotes",
    '10:1 targets.dev is an array, not a table. -> write [targets.dev] and below it clusters = ["..."]',
    '12:12 clusters is a string, not an array of strings. -> write clusters = ["a"]',
  ]);
});

test("empty arrays", async () => {
  const text = `[workflow]
slug = "a"
command = []
[build]
include = []
exclude = []
[targets.dev]
clusters = []
[targets.prod]
`;
  assert.deepEqual(brief(await problemsOf(text)), [
    "3:11 command is an empty array. -> name at least one",
    "5:11 include is an empty array. -> name at least one",
    "8:12 clusters is an empty array. -> name at least one",
    '9:1 [targets.prod] has no clusters. -> add clusters = ["slug-of-a-cluster"]',
  ]);
});

test("command with an empty program or a NUL", async () => {
  const withCommand = (command: string) =>
    minimal.replace('runner = "tiles.runner:runner"', `command = ${command}`);
  assert.match(
    brief(await problemsOf(withCommand('["", "a"]')))[0] ?? "",
    /^3:12 command begins with an empty/,
  );
  assert.match(brief(await problemsOf(withCommand('["a", "b\\u0000"]')))[0] ?? "", /^3:17 command has a NUL/);
});

test("invalid slugs of workflow and clusters, and names of targets", async () => {
  for (const slug of ["", "a_b", "a/b", "ä", "a.b", "x".repeat(101), "a\\n"]) {
    const problems = await problemsOf(minimal.replace('"tiles"', `"${slug}"`));
    assert.match(problems[0]?.message ?? "", /is not a slug/, slug);
  }
  for (const slug of ["a", "A-1", "x".repeat(100), "-"]) await load(minimal.replace('"tiles"', `"${slug}"`));
  const targets = `${minimal}[targets."a b"]\nclusters = ["c_1"]\n`;
  assert.deepEqual(brief(await problemsOf(targets)), [
    '7:1 "a b" cannot name a target: 1 to 100 ASCII letters, digits, hyphens and underscores. -> -',
    '8:13 "c_1" is not a slug: 1 to 100 ASCII letters, digits and hyphens. -> write "c-1"',
  ]);
});

test("runner paths", async () => {
  const withRunner = (runner: string) => minimal.replace("tiles.runner:runner", runner);
  for (const good of ["a:b", "pkg.mod:Holder.runner", "_a1:_b", "modul_ä:läufer"])
    await load(withRunner(good));
  const hints = {
    "pkg/runner.py:runner": 'write "pkg.runner:runner"',
    "./pkg/runner.py:run": 'write "pkg.runner:run"',
    "pkg/runner.py": 'write "pkg.runner:runner"',
    "pkg.runner": 'write "pkg.runner:runner"',
    "pkg.runner:": 'write "pkg.runner:runner"',
    "a:b:c": 'write the module that defines the Runner and its name, as in "my_workflow.runner:runner"',
    "my-pkg:runner":
      'write the module that defines the Runner and its name, as in "my_workflow.runner:runner"',
    "": 'write the module that defines the Runner and its name, as in "my_workflow.runner:runner"',
  };
  for (const [runner, hint] of Object.entries(hints)) {
    const [problem] = await problemsOf(withRunner(runner));
    assert.match(problem?.message ?? "", /is not a runner path/, runner);
    assert.equal(problem?.hint, hint, runner);
  }
});

test("globs that cannot match a file of the project", async () => {
  const text = `[workflow]
slug = "a"
runner = "a:b"
[build]
include = [
  "",
  "/abs/**",
  'C:\\abs\\**',
  "../up/**",
  "a/../b",
  "!a/**",
  'src\\**',
  "./src/**",
  "src//x",
  "src/",
  "a[b",
  'literal\\[1\\].py',
]
exclude = ["data/", "!keep"]
`;
  assert.deepEqual(brief(await problemsOf(text)), [
    "6:3 include: is an empty pattern. -> remove it",
    '7:3 include: "/abs/**" is an absolute path. -> write it relative to [workflow] root',
    '8:3 include: "C:\\\\abs\\\\**" is an absolute path. -> write it relative to [workflow] root',
    '9:3 include: "../up/**" leaves [workflow] root. -> set [workflow] root to the folder that holds both',
    '10:3 include: "a/../b" leaves [workflow] root. -> set [workflow] root to the folder that holds both',
    '11:3 include: "!a/**" is negated, which include does not know. -> put "a/**" into exclude',
    '12:3 include: "src\\\\**" has a backslash. -> write "src/**"',
    '13:3 include: "./src/**" has an empty or "." part, which no path has. -> write "src/**"',
    '14:3 include: "src//x" has an empty or "." part, which no path has. -> write "src/x"',
    '15:3 include: "src/" names a folder; patterns match files. -> write "src/**"',
    '16:3 include: "a[b" has a bracket without its partner. -> close it, or put a backslash before it when the name has it',
    '19:12 exclude: "data/" names a folder; patterns match files. -> write "data/**"',
    '19:21 exclude: "!keep" is negated, which exclude does not know. -> narrow the other exclude patterns instead',
  ]);
});

test("a root that is absolute, missing, a file, or outside the repository, also through a symlink", async () => {
  await using outside = await createScratchFolder({ "file.txt": "" });
  const withRoot = (root: string) => minimal.replace('slug = "tiles"', `slug = "tiles"\nroot = '${root}'`);
  const files = { "file.txt": "", link: { link: outside.path }, "in/side/x": "", inner: { link: "in/side" } };
  const messages = {
    "/": /absolute path/,
    [outside.path]: /absolute path/,
    "C:/work": /absolute path/,
    "..": /leaves the repository/,
    "in/../..": /leaves the repository/,
    "in\\side": /backslash/,
    nowhere: /does not exist/,
    "file.txt": /is not a folder/,
    link: /is a symlink that leaves the repository/,
    "": /is empty/,
  };
  for (const [root, message] of Object.entries(messages)) {
    const [problem, ...rest] = await problemsOf(withRoot(root), files);
    assert.match(problem?.message ?? "", message, root);
    assert.equal(problem?.line, 3, root);
    assert.equal(problem?.column, 8, root);
    assert.deepEqual(rest, []);
  }
  await using folder = await createScratchFolder({ ...files, "tilebox.workflow.toml": withRoot("inner") });
  assert.equal(
    (await loadProject(folder.path)).root,
    join(folder.path, "in/side"),
    "a symlink inside is followed",
  );
});

test("a root problem is reported beside the others", async () => {
  const text = minimal.replace('slug = "tiles"', 'slug = "t t"\nroot = ".."');
  assert.equal((await problemsOf(text)).length, 2);
});

test("what is not TOML: syntax, duplicate keys, duplicate tables, bytes that are not UTF-8", async () => {
  const at = async (text: string) => {
    const [problem, ...rest] = await problemsOf(text);
    assert.deepEqual(rest, []);
    assert.match(problem?.message ?? "", /^This is not TOML: /);
    return `${problem?.line}:${problem?.column}`;
  };
  assert.match(await at("[workflow]\nslug = \n"), /^2:/);
  assert.match(await at('[workflow]\r\nslug = "a"\r\nslug = "b"\r\n'), /^3:1$/);
  assert.match(await at('[workflow]\nslug = "a"\n[workflow]\nroot = "."\n'), /^3:/);
  assert.match(await at('[workflow]\nslug = "a\n'), /^2:/);
  const [problem] = await problemsOf(Buffer.from([0x61, 0xff, 0x0a]));
  assert.match(problem?.message ?? "", /not UTF-8/);
});

test("keys that JavaScript knows are unknown keys like others", async () => {
  const text = `${minimal}[__proto__]\nslug = "x"\n[constructor]\n[toString]\n`;
  const problems = await problemsOf(text);
  assert.deepEqual(
    problems.map((problem) => problem.message),
    ["__proto__", "constructor", "toString"].map((key) => `"${key}" is not known at the top level.`),
  );
});

test("a file in a folder of the repository is named from the repository's root", async () => {
  await using folder = await createScratchFolder({ ".git/HEAD": "", "flows/a/tilebox.workflow.toml": "" });
  await assert.rejects(loadProject(join(folder.path, "flows/a")), (error) => {
    assert.ok(error instanceof UserError);
    assert.equal(error.message, "flows/a/tilebox.workflow.toml has 2 problems.");
    assert.equal(error.problems[0]?.file, "flows/a/tilebox.workflow.toml");
    return true;
  });
});
