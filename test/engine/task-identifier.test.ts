import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sortIdentifiers } from "../../src/engine/task-identifier.ts";

const task = (name: string, version = "v1.0") => ({ name, version });

describe("task identifiers", () => {
  it("sorts by bytes, name first", () => {
    const sorted = sortIdentifiers([
      task("b"),
      task("\u{10000}"),
      task("\uffff"),
      task("a", "v10.0"),
      task("a", "v2.0"),
      task("B"),
    ]);
    assert.deepEqual(
      sorted.map(({ name, version }) => `${name} ${version}`),
      ["B v1.0", "a v10.0", "a v2.0", "b v1.0", "\uffff v1.0", "\u{10000} v1.0"],
    );
  });
});
