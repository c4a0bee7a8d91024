import assert from "node:assert/strict";
import { it } from "node:test";
import { readComplaint } from "../../src/build/start-complaint.ts";

const uvProgress =
  "Using CPython 3.11.7 interpreter at: /usr/bin/python3\nCreating virtual environment at: .venv\n";

it("reads what uv and the worker say when a start fails", () => {
  const cases: readonly (readonly [string, ReturnType<typeof readComplaint>])[] = [
    ["", undefined],
    [uvProgress, undefined],
    [
      "error: an error of the user's own printing\n",
      {
        kind: "environment-failed",
        text: "an error of the user's own printing",
        file: undefined,
        module: undefined,
      },
    ],
    [
      "error: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided.\n",
      { kind: "lock-stale" },
    ],
    [
      "error: No interpreter found for Python >=3.19 in managed installations or search path\n\nhint: …",
      {
        kind: "python-missing",
        text: "No interpreter found for Python >=3.19 in managed installations or search path",
      },
    ],
    [
      "/x/python: Error while finding module specification for 'tilebox.workflows.runner' (ModuleNotFoundError: No module named 'tilebox')\n",
      {
        kind: "sdk-missing",
        text: "Error while finding module specification for 'tilebox.workflows.runner' (ModuleNotFoundError: No module named 'tilebox')",
      },
    ],
    [
      "/x/python: No module named tilebox.workflows.runner.__main__; 'tilebox.workflows.runner' is a package and cannot be directly executed\n",
      {
        kind: "sdk-missing",
        text: "No module named tilebox.workflows.runner.__main__; 'tilebox.workflows.runner' is a package and cannot be directly executed",
      },
    ],
    ["Module 'tiles' has no runner object 'a.b'.\n", { kind: "object-missing", object: "a.b" }],
    [
      "Expected 'm:o' to resolve to tilebox.workflows.Runner, got builtins.list.\n",
      { kind: "wrong-type", found: "builtins.list" },
    ],
    [
      "Expected runner import path in the format '<module>:<object>', for example 'a:b'.\n",
      { kind: "path-malformed" },
    ],
    [
      "Failed to import module 'm': two\nlines (attempted import took 0.001s)\n",
      { kind: "import-failed", text: "two\nlines" },
    ],
    [
      "Failed to import module 'm': No module named 'tilebox.workflows.extra' (attempted import took 0.001s)\n",
      { kind: "import-failed", text: "No module named 'tilebox.workflows.extra'" },
    ],
    [
      "error: Failed to build `a @ file:///x`\n  cause: …\n      OSError: Readme file does not exist: README.md\n",
      {
        kind: "environment-failed",
        text: "Failed to build `a @ file:///x`: OSError: Readme file does not exist: README.md",
        file: "README.md",
        module: undefined,
      },
    ],
    [
      "  × No solution found when resolving dependencies:\n",
      {
        kind: "environment-failed",
        text: "No solution found when resolving dependencies:",
        file: undefined,
        module: undefined,
      },
    ],
  ];
  for (const [stderr, expected] of cases)
    assert.deepEqual(readComplaint(uvProgress + stderr), expected, stderr);
});
