/** Every way in which a release's worker does not come up or is not fit, each with a real one. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type DiscoveryLimits, discoveryLimits } from "../../src/build/discover.ts";
import type { ErrorCode } from "../../src/error-table.ts";
import { type Problem, ReleaseError } from "../../src/errors.ts";
import { buildSample } from "../support/builds.ts";
import { createDiscoveryLane, type DiscoveryLane } from "../support/discovery-lane.ts";
import type { Edits, SampleName } from "../support/scratch-project.ts";

interface Failure {
  readonly name: string;
  readonly sample: SampleName;
  readonly edits: Edits;
  readonly code: ErrorCode;
  readonly message: RegExp;
  /** Of the first problem. */
  readonly place?: Pick<Problem, "file" | "line"> & { readonly hint?: RegExp };
  readonly limits?: Partial<DiscoveryLimits>;
  readonly env?: NodeJS.ProcessEnv;
  readonly problems?: number;
}

/** Puts lines at the top of tiles.py. */
const atTop = (lines: string): Edits => ({ "tiles.py": (text) => `${lines}\n${text}` });
/** Puts lines at the end of tiles.py, which has 90 of its own. */
const atEnd = (lines: string): Edits => ({ "tiles.py": (text) => `${text}${lines}\n` });
const change = (file: string, from: string | RegExp, to: string): Edits => ({
  [file]: (text) => {
    const changed = text.replace(from, to);
    assert.notEqual(changed, text, `${from} is not in ${file}`);
    return changed;
  },
});
const config = (from: string | RegExp, to: string) => change("tilebox.workflow.toml", from, to);

const environment: readonly Failure[] = [
  {
    name: "a dependency that is not declared",
    sample: "tiles",
    edits: atTop("import math\nimport rasterio"),
    code: "dependency-missing",
    message: /^Importing tiles failed: No module named 'rasterio'$/,
    place: { file: "tiles.py", line: 2 },
  },
  {
    name: "a lock file that does not fit",
    sample: "tiles",
    edits: { "uv.lock": 'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n' },
    code: "lock-stale",
    message: /uv\.lock does not fit/,
  },
  {
    name: "no tilebox-workflows",
    sample: "tiles",
    edits: change("pyproject.toml", /dependencies = .*/, "dependencies = []"),
    code: "sdk-missing",
    message: /No module named 'tilebox'/,
  },
  {
    name: "a Python that is not there",
    sample: "tiles",
    edits: {
      ...change("pyproject.toml", ">=3.11", ">=3.99"),
      "uv.lock": 'version = 1\nrevision = 3\nrequires-python = ">=3.99"\n',
    },
    code: "python-missing",
    message: /No interpreter found for Python >=3\.99/,
  },
  {
    name: "a package that cannot be built",
    sample: "greetings",
    edits: change("pyproject.toml", 'name = "greetings"', 'name = "farewells"'),
    code: "environment-failed",
    message: /^uv could not make the project's environment: .*Unable to determine which files to ship/s,
  },
  {
    name: "no uv",
    sample: "tiles",
    edits: {},
    env: { PATH: "/nowhere" },
    code: "uv-missing",
    message: /^uv, which starts the worker, is not on PATH$/,
  },
];

const leftOut: readonly Failure[] = [
  {
    name: "a module that [build] leaves out",
    sample: "greetings",
    edits: config("include", 'exclude = ["**/tasks.py"]\ninclude'),
    code: "file-left-out",
    message: /^The worker needs src\/greetings\/tasks\.py, which is not in the artifact: No module named/,
    place: { file: "tilebox.workflow.toml", line: 6, hint: /narrow the pattern/ },
  },
  {
    name: "a module of a package, imported by name",
    sample: "greetings",
    edits: {
      ...config("include", 'exclude = ["**/tasks.py"]\ninclude'),
      ...change("src/greetings/runner.py", /from greetings.*/, "from greetings import tasks"),
    },
    code: "file-left-out",
    message: /^The worker needs src\/greetings\/tasks\.py/,
  },
  {
    name: "data that is read at import",
    sample: "greetings",
    edits: config('"src/**"', '"src/**/*.py"'),
    code: "file-left-out",
    message: /^The worker needs src\/greetings\/templates\/words\.json/,
    place: {
      file: "tilebox.workflow.toml",
      line: 6,
      hint: /add "src\/greetings\/templates\/\*\*" to include/,
    },
  },
  {
    name: "data that .gitignore ignores",
    sample: "greetings",
    edits: { ".gitignore": "templates/\n" },
    code: "file-left-out",
    message: /words\.json/,
    place: { file: ".gitignore", line: 1 },
  },
  {
    name: "all of src",
    sample: "greetings",
    edits: config('"src/**", ', ""),
    code: "file-left-out",
    message: /^The worker needs src\/greetings\/__init__\.py/,
    place: { file: "tilebox.workflow.toml", line: 6, hint: /"src\/greetings\/\*\*"/ },
  },
  {
    name: "the readme that pyproject.toml names",
    sample: "greetings",
    edits: config('"README.md", ', ""),
    code: "file-left-out",
    message: /^The worker needs README\.md, .*Readme file does not exist/s,
    place: { file: "tilebox.workflow.toml", line: 6, hint: /"README\.md"/ },
  },
  {
    name: "pyproject.toml",
    sample: "tiles",
    edits: config('"pyproject.toml", ', ""),
    code: "file-left-out",
    message: /^The worker needs pyproject\.toml/,
  },
  {
    name: "no pyproject.toml at all",
    sample: "tiles",
    edits: { "pyproject.toml": null, ...config('"pyproject.toml", "uv.lock"', '"palette.json"') },
    code: "environment-failed",
    message: /has no pyproject\.toml/,
  },
];

const entrypoints: readonly Failure[] = [
  {
    name: "a module that does not exist",
    sample: "greetings",
    edits: config("greetings.runner:", "greetings.runer:"),
    code: "runner-not-found",
    message: /No module named 'greetings\.runer'/,
    place: { file: "tilebox.workflow.toml", line: 3, hint: /runner = "greetings\.runner:runner"/ },
  },
  {
    name: "a file's name for a module",
    sample: "tiles",
    edits: config("tiles:runner", "tiles.py:runner"),
    code: "runner-not-found",
    message: /No module named 'tiles\.py'/,
    place: { file: "tilebox.workflow.toml", line: 3, hint: /runner = "tiles:runner"/ },
  },
  {
    name: "an object that does not exist",
    sample: "tiles",
    edits: config("tiles:runner", "tiles:runer"),
    code: "runner-not-found",
    message: /^The module tiles has no object runer$/,
    place: { file: "tilebox.workflow.toml", line: 3, hint: /runner = "tiles:runner"/ },
  },
  {
    name: "a function that makes a Runner",
    sample: "tiles",
    edits: { ...atEnd("def make():\n    return runner"), ...config("tiles:runner", "tiles:make") },
    code: "runner-wrong-type",
    message: /^tiles:make is a builtins\.function, not a Runner$/,
    place: { file: "tilebox.workflow.toml", line: 3 },
  },
  {
    name: "a command that is not there",
    sample: "command",
    edits: config('"uv"', '"no-such-program"'),
    code: "command-missing",
    message: /no-such-program/,
    place: { file: "tilebox.workflow.toml", line: 3 },
  },
  {
    name: "a command that ends",
    sample: "command",
    edits: { "serve.py": "print('done')\n" },
    code: "command-failed",
    message: /ended the process with code 0/,
  },
  {
    name: "a command whose module raises",
    sample: "command",
    edits: { "serve.py": "import rasterio\n" },
    code: "dependency-missing",
    message: /No module named 'rasterio'/,
    place: { file: "serve.py", line: 1 },
  },
  {
    name: "a command that serves something else",
    sample: "mischief",
    edits: config(/runner = .*/, 'command = ["uv", "run", "--locked", "python", "foreign.py"]'),
    code: "worker-protocol",
    message: /Unimplemented/,
  },
  {
    name: "a command that never listens",
    sample: "command",
    edits: { "serve.py": "import time\ntime.sleep(600)\n" },
    limits: { environmentMs: 4_000 },
    code: "worker-start-timeout",
    message: /neither announced itself nor listened within 4 s/,
  },
];

const modules: readonly Failure[] = [
  {
    name: "a syntax error",
    sample: "tiles",
    edits: atTop("def broken(:"),
    code: "import-syntax",
    message: /invalid syntax/,
    place: { file: "tiles.py", line: 1 },
  },
  {
    name: "a circular import",
    sample: "greetings",
    edits: { "src/greetings/tasks.py": (text) => `from greetings.runner import runner\n${text}` },
    code: "import-circular",
    message: /partially initialized module/,
    place: { file: "src/greetings/tasks.py", line: 1 },
  },
  {
    name: "an exception",
    sample: "tiles",
    edits: atTop("def helper():\n    raise KeyError('HOME_TOWN')\nhelper()"),
    code: "import-failed",
    message: /HOME_TOWN/,
    place: { file: "tiles.py", line: 2 },
  },
  {
    name: "sys.exit()",
    sample: "tiles",
    edits: atTop("import sys\nsys.exit()"),
    code: "import-exits",
    message: /^Importing tiles ended the process with code 0 before any task was listed$/,
    place: { file: "tiles.py", line: 2 },
  },
  {
    name: "sys.exit with a message",
    sample: "tiles",
    edits: atTop("import sys\nsys.exit('usage: tiles')"),
    code: "import-exits",
    message: /code 1/,
    place: { file: "tiles.py", line: 2 },
  },
  {
    name: "os._exit",
    sample: "tiles",
    edits: atTop("import os\nos._exit(3)"),
    code: "import-exits",
    message: /code 3/,
    place: { file: "tiles.py", line: 2 },
  },
  {
    name: "a segmentation fault",
    sample: "tiles",
    edits: atTop("import ctypes\nctypes.string_at(0)"),
    code: "worker-crashed",
    message: /^Importing tiles ended the process with signal SIGSEGV$/,
    place: { file: "tiles.py", line: 2 },
  },
  {
    name: "an endless loop",
    sample: "tiles",
    edits: atTop("while True:\n    pass"),
    limits: { importMs: 1_500, secondImportMs: 1_500 },
    code: "import-timeout",
    message: /^Importing tiles took longer than 1\.5 s; it still runs Python code/,
    place: { file: "tiles.py" },
  },
  {
    name: "a regular expression that holds the interpreter lock",
    sample: "tiles",
    edits: atTop("import re\nre.match('(a*)*b', 'a' * 64)"),
    limits: { importMs: 1_500, secondImportMs: 1_500 },
    code: "import-timeout",
    message: /holds Python's interpreter lock/,
    place: { file: "tiles.py", line: 2 },
  },
  {
    name: "an endless loop in a legacy worker",
    sample: "legacy",
    edits: { "counting.py": "while True:\n    pass\n" },
    limits: { environmentMs: 6_000, secondImportMs: 1_500 },
    code: "import-timeout",
    message: /^Importing counting took longer than 6 s/,
    place: { file: "counting.py" },
  },
  {
    name: "a client",
    sample: "tiles",
    edits: atTop("from tilebox.workflows import Client\nClient()"),
    code: "import-needs-api-key",
    message: /No API key provided/,
    place: { file: "tiles.py", line: 2 },
  },
  {
    name: "a client's runner",
    sample: "tiles",
    edits: atTop(
      "from tilebox.workflows import Client\nClient(url='http://127.0.0.1:9', token='t').runner(tasks=[])",
    ),
    code: "import-needs-network",
    message: /network error when requesting/,
    place: { file: "tiles.py", line: 2 },
  },
  {
    name: "a request",
    sample: "tiles",
    edits: atTop("import urllib.request\nurllib.request.urlopen('http://127.0.0.1:9/')"),
    code: "import-needs-network",
    message: /refused/,
    place: { file: "tiles.py", line: 2 },
  },
];

const tasks: readonly Failure[] = [
  {
    name: "a Runner without tasks",
    sample: "tiles",
    edits: atEnd("runner = Runner()"),
    code: "tasks-empty",
    message: /registered no task/,
  },
  {
    name: "one identifier twice",
    sample: "tiles",
    edits: change("tiles.py", "tasks=[", "tasks=[Mosaic, "),
    code: "tasks-invalid",
    message: /Duplicate task identifier/,
    place: { file: "tiles.py", line: 90 },
  },
  ...["1.2", ""].map(
    (version): Failure => ({
      name: `the version ${JSON.stringify(version)}`,
      sample: "tiles",
      edits: change("tiles.py", '"v1.2"', JSON.stringify(version)),
      code: "tasks-invalid",
      message: /Invalid version string/,
      place: { file: "tiles.py" },
    }),
  ),
  {
    name: "versions and names that the worker takes, all of them together",
    sample: "tiles",
    edits: {
      "tiles.py": (text) =>
        text
          .replace('"v1.2"', '"v1.2\\n"')
          .replace('"tiles/Tile", "v1.0"', '"tiles/Tile", "v٣.٠"')
          .replace('"tiles/Join", "v1.0"', '"tiles/Join", "v12345678901234567890.0"')
          .replace("tiles/Preview", "tiles\\nPreview"),
    },
    code: "tasks-invalid",
    message: /^The version "v1\.2\\n" of task "tiles\/Mosaic" is not vMAJOR\.MINOR in ASCII digits/,
    problems: 4,
  },
  {
    name: "an empty name",
    sample: "tiles",
    edits: change("tiles.py", "tiles/Mosaic", ""),
    code: "tasks-invalid",
    message: /A task name is required/,
  },
  {
    name: "a name of 257 characters",
    sample: "tiles",
    edits: change("tiles.py", "tiles/Mosaic", "x".repeat(257)),
    code: "tasks-invalid",
    message: /The task name is too long/,
  },
  {
    name: "an identifier that is not static",
    sample: "tiles",
    edits: change("tiles.py", "@staticmethod\n    def identifier()", "def identifier(self)"),
    code: "task-class-invalid",
    message: /Failed to invoke Mosaic\.identifier\(\)/,
    place: { file: "tiles.py" },
  },
  {
    name: "a task without execute",
    sample: "tiles",
    edits: atEnd("class Idle(Task):\n    pass\nrunner.register(Idle)"),
    code: "task-class-invalid",
    message: /Task Idle is not executable/,
    place: { file: "tiles.py", line: 93 },
  },
  {
    name: "an execute with a wrong signature",
    sample: "tiles",
    edits: atEnd("class Odd(Task):\n    def execute(self):\n        pass"),
    code: "task-class-invalid",
    message: /Expected a function signature of Odd\.execute/,
    place: { file: "tiles.py", line: 91 },
  },
  {
    name: "something that is no task",
    sample: "tiles",
    edits: atEnd("class Plain:\n    pass\nrunner.register(Plain)"),
    code: "task-class-invalid",
    message: /is not a task!/,
    place: { file: "tiles.py", line: 93 },
  },
];

describe("discovery refuses", { concurrency: 2 }, () => {
  for (const failure of [...environment, ...leftOut]) {
    it(failure.name, () =>
      assertFails(failure, () =>
        buildSample(failure.sample, failure.edits, {
          limits: { ...discoveryLimits, ...failure.limits },
          ...(failure.env === undefined ? {} : { env: failure.env }),
        }),
      ),
    );
  }
});

for (const samples of [["tiles"], ["greetings", "command", "legacy", "mischief"]] as const) {
  describe(`discovery refuses, in ${samples.join(", ")}`, () => {
    for (const sample of samples) {
      let lane: DiscoveryLane;
      before(async () => {
        lane = await createDiscoveryLane(sample);
      });
      after(() => lane[Symbol.asyncDispose]());
      for (const failure of [...entrypoints, ...modules, ...tasks].filter((one) => one.sample === sample))
        it(failure.name, () =>
          assertFails(failure, () => lane.discover(failure.edits, failure.limits ?? {})),
        );
    }
  });
}

async function assertFails(failure: Failure, discover: () => Promise<unknown>): Promise<void> {
  const { code, message, place, problems } = failure;
  await assert.rejects(discover, (error) => {
    assert.ok(error instanceof ReleaseError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.notEqual(error.next, "");
    if (problems !== undefined) assert.equal(error.problems.length, problems, JSON.stringify(error.problems));
    if (place === undefined) return true;
    const [first] = error.problems;
    assert.equal(first?.file, place.file, JSON.stringify(error.problems));
    if (place.line !== undefined) assert.equal(first?.line, place.line, JSON.stringify(error.problems));
    if (place.hint !== undefined) assert.match(first?.hint ?? "", place.hint);
    return true;
  });
}
