import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ContractTask, contractLimitBytes, parseContract } from "../../src/engine/contract.ts";
import { buildSample } from "../support/builds.ts";

/** A module of tasks, each registered as `m/NAME`. */
function moduleOf(body: string, names: readonly string[]): string {
  return `${body}\n\nrunner = Runner(tasks=[${names.join(", ")}])\n`;
}

const header = `
from __future__ import annotations
import dataclasses, enum, os, time, typing, uuid
from datetime import datetime
from google.protobuf.timestamp_pb2 import Timestamp
from tilebox.workflows import ExecutionContext, Runner, Task
`;

const plainTasks = `${header}
class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"

@dataclasses.dataclass
class Area:
    north: float
    inner: typing.Optional[Area] = None

class Box(typing.TypedDict):
    left: int
    right: typing.NotRequired[int]

Meters = typing.NewType("Meters", float)
T = typing.TypeVar("T")

@dataclasses.dataclass
class Pair(typing.Generic[T]):
    first: T

class Everything(Task):
    area: Area
    when: datetime
    message: Timestamp
    key: typing.Annotated[uuid.UUID, "a note"]
    height: Meters
    pair: Pair[int]
    box: Box
    missing: "NotThere"
    colour: Colour = Colour.RED
    names: list[str] = dataclasses.field(default_factory=list)
    sizes: dict[str, tuple[int, ...] | None] = dataclasses.field(default_factory=lambda: {"a": None})
    mode: typing.Literal["fast", "slow"] = "fast"
    hidden: int = dataclasses.field(default=0, metadata={"skip_serialization": True})
    def execute(self, context: ExecutionContext) -> None: ...

class Nothing(Task):
    def execute(self, context: ExecutionContext) -> None: ...
`;

const hostileTasks = `${header}
class Loud:
    def __eq__(self, other): raise RuntimeError("compared")
    __hash__ = object.__hash__

class Trap(type):
    def __getattribute__(cls, name): raise RuntimeError("trapped " + name)

class Trapped(metaclass=Trap):
    pass

Deep = list[int]
for _ in range(50):
    Deep = list[Deep]

class Repr(Task):
    value: int = Loud()
    def execute(self, context: ExecutionContext) -> None: ...

class Huge(Task):
    text: str = "x" * 5_000_000
    number: int = 1
    def execute(self, context: ExecutionContext) -> None: ...

class Metaclass(Task):
    trapped: Trapped
    number: int
    def execute(self, context: ExecutionContext) -> None: ...

class Nested(Task):
    deep: Deep
    def execute(self, context: ExecutionContext) -> None: ...

class Own(Task):
    number: int
    def _serialize(self): return b"mine"
    def execute(self, context: ExecutionContext) -> None: ...

class Vandal(Task):
    number: int
    def execute(self, context: ExecutionContext) -> None: ...

class Wide(Task):
    def execute(self, context: ExecutionContext) -> None: ...
for index in range(2_000):
    Wide.__dataclass_fields__["f%d" % index] = Vandal.__dataclass_fields__["number"]

Loud.__repr__ = Loud.__str__ = lambda self: os._exit(9)
Vandal.__dataclass_fields__ = property(lambda self: 1 / 0)
`;

describe("the task contract of a build", { concurrency: 2 }, () => {
  const byName = (tasks: readonly ContractTask[], name: string) => {
    const task = tasks.find((candidate) => candidate.name === name);
    assert.ok(task, name);
    return task;
  };

  test("has the fields of every input, with types, defaults and what is required", async () => {
    const build = await buildSample("tiles", {
      "tiles.py": moduleOf(plainTasks, ["Everything", "Nothing"]),
    });
    const { tasks, records } = build.contract;
    assert.deepEqual(byName(tasks, "Nothing").input, { kind: "fields", fields: [] });
    const { input, className } = byName(tasks, "Everything");
    assert.equal(className, "Everything");
    assert.ok(input.kind === "fields");
    assert.deepEqual(
      input.fields.map(({ name, type, required, default: value }) => [name, type, required, value]),
      [
        ["area", "tiles.Area", true, undefined],
        ["when", "datetime.datetime", true, undefined],
        ["message", "protobuf.google.protobuf.Timestamp", true, undefined],
        ["key", "uuid.UUID", true, undefined],
        ["height", "float", true, undefined],
        ["pair", "tiles.Pair[int]", true, undefined],
        ["box", "tiles.Box", true, undefined],
        ["missing", "unknown", true, undefined],
        ["colour", '"blue" | "red"', false, '"red"'],
        ["names", "list[str]", false, "list()"],
        ["sizes", "dict[str, None | tuple[int, ...]]", false, undefined],
        ["mode", '"fast" | "slow"', false, '"fast"'],
      ],
    );
    assert.match(input.fields.find(({ name }) => name === "missing")?.unread ?? "", /NotThere/);
    assert.deepEqual(records.map(({ name, fields }) => [name, ...fields.map((field) => field.type)]).sort(), [
      ["tiles.Area", "float", "None | tiles.Area"],
      ["tiles.Box", "int", "int"],
      ["tiles.Pair", "T"],
    ]);
    assert.deepEqual(parseContract(JSON.parse(JSON.stringify(build.contract))), build.contract);
  });

  test("says of hostile classes what cannot be read, and reads the others", async () => {
    const names = ["Repr", "Huge", "Metaclass", "Nested", "Own", "Vandal", "Wide"];
    const { contract } = await buildSample("tiles", { "tiles.py": moduleOf(hostileTasks, names) });
    assert.equal(contract.tasks.length, names.length);
    assert.ok(JSON.stringify(contract).length < contractLimitBytes);
    const why = (name: string) => {
      const { input } = byName(contract.tasks, name);
      return input.kind === "unknown" ? input.why : input.fields.map((field) => field.unread ?? "read");
    };
    assert.deepEqual(why("Repr"), ["read"]);
    assert.deepEqual(why("Huge"), ["read", "read"]);
    assert.deepEqual(why("Metaclass"), ["RuntimeError: trapped __class__", "read"]);
    assert.deepEqual(why("Nested"), ["its type is nested too deeply"]);
    assert.equal(why("Own"), "the class has a _serialize of its own");
    assert.match(String(why("Vandal")), /TypeError|AttributeError/);
    assert.equal(why("Wide"), "it has 2000 fields");
  });

  test("is unknown with its reason where the second import ends, hangs or is not ours to make", async () => {
    const task = `${header}
class One(Task):
    number: int
    def execute(self, context: ExecutionContext) -> None: ...
import sys
again = "tilebox.workflows.runner.__main__" not in sys.modules and "-c" in sys.orig_argv
`;
    const reasonOf = async (more: string) => {
      const { contract, notices } = await buildSample(
        "tiles",
        { "tiles.py": moduleOf(task + more, ["One"]) },
        { limits: quick },
      );
      assert.deepEqual(notices, []);
      const [only] = contract.tasks;
      return only?.input.kind === "unknown" ? only.input.why : "read";
    };
    assert.match(await reasonOf("if again: os._exit(3)"), /ended by the project's code \(code 3\)/);
    assert.match(await reasonOf("if again: time.sleep(60)"), /took longer than 2 s/);
    const { contract } = await buildSample("command");
    assert.match(JSON.stringify(contract), /started by a command/);
  });
});

test("no code of the project runs for the contract before the worker has imported it", async () => {
  const { contract } = await buildSample("tiles", {
    "tiles.py": moduleOf(
      `${header}
import pathlib, sys
imported = pathlib.Path(__file__).with_name("imported.txt")
if "-c" in sys.orig_argv and not imported.exists():
    raise RuntimeError("too early")
# The program for the contract has its SDK long before.
time.sleep(4)
imported.write_text("")
class One(Task):
    number: int
    def execute(self, context: ExecutionContext) -> None: ...
`,
      ["One"],
    ),
  });
  assert.deepEqual(
    contract.tasks.map(({ input }) => (input.kind === "unknown" ? input.why : "read")),
    ["read"],
  );
});

const quick = {
  environmentMs: 120_000,
  importMs: 60_000,
  secondImportMs: 2_000,
  graceMs: 3_000,
  terminateMs: 1_000,
};
