import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { ContractField, ContractRecord, TaskContract } from "../../src/engine/contract.ts";
import { contractOfNames } from "../../src/engine/contract.ts";
import { compareContracts, strands } from "../../src/engine/contract-rules.ts";

const field = (name: string, type = "int", standard?: string): ContractField => ({
  name,
  type,
  required: standard === undefined,
  ...(standard === undefined ? {} : { default: standard }),
});

function contract(fields: readonly ContractField[], version = "v1.1", records: ContractRecord[] = []) {
  return {
    tasks: [{ name: "t", version, input: { kind: "fields", fields } }],
    records,
  } satisfies TaskContract;
}

const none: TaskContract = { tasks: [], records: [] };
const kinds = (before: TaskContract, after: TaskContract) =>
  compareContracts(before, after).map(({ kind }) => kind);

const two = [field("a"), field("b")];

describe("comparing task contracts", () => {
  test("names and versions", () => {
    assert.deepEqual(kinds(contract(two), contract(two)), []);
    assert.deepEqual(kinds(contract(two), none), ["task-removed"]);
    assert.deepEqual(kinds(none, contract(two)), ["task-added"]);
    assert.deepEqual(kinds(contract(two), contract(two, "v1.0")), ["minor-lowered"]);
    assert.deepEqual(kinds(contract(two), contract(two, "v1.2")), ["minor-raised"]);
    assert.deepEqual(kinds(contract(two), contract([], "v2.0")), ["major-raised"]);
    assert.deepEqual(kinds(contract(two), contract(two, "v0.9")), ["major-lowered"]);
    const both = { tasks: [...contract(two).tasks, ...contract([], "v2.0").tasks], records: [] };
    assert.deepEqual(kinds(contract(two), both), [], "the earlier major is still there");
  });

  test("fields of inputs that are sent as objects", () => {
    const with3 = (third: ContractField) => contract([...two, third]);
    assert.deepEqual(kinds(contract(two), with3(field("c"))), ["field-required"]);
    assert.deepEqual(kinds(contract(two), with3(field("c", "int", "1"))), ["field-added"]);
    assert.deepEqual(kinds(with3(field("c")), contract(two)), ["field-removed"]);
    assert.deepEqual(kinds(with3(field("c", "int")), with3(field("c", "str"))), ["field-retyped"]);
    assert.deepEqual(kinds(with3(field("c", "int")), with3(field("c", "None | int"))), ["field-widened"]);
    assert.deepEqual(kinds(with3(field("c", "int", "1")), with3(field("c"))), ["default-removed"]);
    assert.deepEqual(kinds(contract(two), contract(two.toReversed())), []);
  });

  test("a single field is sent without its name, so a second one changes the form even with a default", () => {
    assert.deepEqual(kinds(contract([field("a")]), contract([field("b")])), ["field-renamed"]);
    assert.deepEqual(kinds(contract([field("a")]), contract([field("a"), field("b", "int", "1")])), [
      "input-form",
    ]);
    assert.deepEqual(kinds(contract([]), contract([field("a", "int", "1")])), ["input-form"]);
    assert.deepEqual(kinds(contract(two), contract([field("a")])), ["field-removed", "input-form"]);
    assert.deepEqual(kinds(contract([field("a")]), contract([])), ["field-removed"]);
  });

  test("types are compared by what can be decoded", () => {
    const retyped = (
      before: string,
      after: string,
      records: [ContractRecord[], ContractRecord[]] = [[], []],
    ) =>
      kinds(
        contract([field("a", before), field("b")], "v1.1", records[0]),
        contract([field("a", after), field("b")], "v1.1", records[1]),
      ).includes("field-retyped");
    for (const [before, after] of [
      ["int", "float"],
      ["int", "Any"],
      ['"fast" | "slow"', '"fast" | "slow" | "new, [odd] | one"'],
      ['"fast"', "str"],
      ["list[int]", "tuple[int, ...]"],
      ["list[int]", "list[None | int]"],
      ["dict[str, list[int]]", "dict[str, list[float]]"],
      ["list[int]", "list"],
    ] as const) {
      assert.equal(retyped(before, after), false, `${before} -> ${after}`);
      assert.equal(retyped(after, before), after !== "tuple[int, ...]", `${after} -> ${before}`);
    }
    const area = (fields: ContractField[], name = "m.Area"): ContractRecord[] => [{ name, fields }];
    const cyclic = [field("north", "float"), field("inner", "None | m.Area", "None")];
    assert.equal(retyped("m.Area", "m.Area", [area(cyclic), area(cyclic)]), false);
    assert.equal(retyped("m.Area", "n.Region", [area(two), area(two, "n.Region")]), false, "only its name");
    assert.equal(retyped("m.Area", "m.Area", [area(two), area([...two, field("c", "int", "1")])]), false);
    assert.equal(retyped("m.Area", "m.Area", [area(two), area([...two, field("c")])]), true);
    assert.equal(retyped("list[m.Area]", "list[m.Area]", [area(two), area([field("a")])]), true);
    assert.equal(retyped("{not a type", "{nor this"), true);
  });

  test("says that schemas were not compared, once a reason", () => {
    const names = [1, 2, 3].map((number) => ({ name: `t${number}`, version: "v1.0" }));
    const findings = compareContracts(contractOfNames(names, "the release is older"), {
      tasks: names.map((task) => ({ ...task, input: { kind: "fields", fields: two } })),
      records: [],
    });
    assert.deepEqual(
      findings.map(({ severity, change }) => [severity, change]),
      [["notice", "input schemas were not compared: the release is older"]],
    );
  });

  const anyType = fc.oneof(
    fc.constantFrom("int", "str", "float", "None | int", "list[int]", "m.R", "list[m.R]", '"x"', "unknown"),
    fc.string({ maxLength: 20 }),
  );
  const anyFields = fc.uniqueArray(
    fc
      .record({ name: fc.constantFrom("a", "b", "c"), type: anyType, required: fc.boolean() })
      .map((made): ContractField => made),
    { maxLength: 4, selector: ({ name }) => name },
  );
  const anyContract: fc.Arbitrary<TaskContract> = fc.record({
    tasks: fc.array(
      fc.record({
        name: fc.constantFrom("t", "u"),
        version: fc.constantFrom("v0.0", "v1.0", "v1.1", "v2.0", "no version"),
        input: fc.oneof(
          fc.constant({ kind: "unknown", why: "not read" } as const),
          fc.record({ kind: fc.constant("fields" as const), fields: anyFields }),
        ),
      }),
      { maxLength: 5 },
    ),
    records: fc.array(fc.record({ name: fc.constant("m.R"), fields: anyFields }), { maxLength: 1 }),
  });

  test("is total, and finds nothing but what is unknown between a contract and itself", () => {
    fc.assert(
      fc.property(anyContract, anyContract, (one, other) => {
        for (const { change, effect } of compareContracts(one, other)) assert.ok(change && effect);
        const unique = {
          ...one,
          tasks: [...new Map(one.tasks.map((task) => [`${task.name} ${task.version}`, task])).values()],
        };
        const readable = unique.tasks.filter(({ version }) => version !== "no version");
        const again = compareContracts({ ...unique, tasks: readable }, { ...unique, tasks: readable });
        const changed = again.filter(({ kind }) => kind !== "schema-unknown" && kind !== "minor-raised");
        // Of two minor versions the higher one runs both, and they may differ.
        if (
          new Set(readable.map(({ name, version }) => name + version.split(".")[0])).size === readable.length
        )
          assert.deepEqual(changed, []);
      }),
      { numRuns: 500 },
    );
  });

  test("a task that nothing breaks can be added, and one that is removed strands its jobs", () => {
    fc.assert(
      fc.property(anyFields, anyFields, (fields, more) => {
        const before = contract(fields);
        const added = {
          ...before,
          tasks: [
            ...before.tasks,
            { name: "new", version: "v1.0", input: { kind: "fields" as const, fields: more } },
          ],
        };
        assert.deepEqual(
          compareContracts(before, added).filter(({ severity }) => severity === "breaking"),
          [],
        );
        assert.ok(
          compareContracts(added, before).some((found) => found.kind === "task-removed" && strands(found)),
        );
      }),
    );
  });
});
