import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type CompletionLink, completeTask } from "../../src/engine/completion.ts";
import { giveUpBranch } from "../../src/engine/optional-branch.ts";

type Link = CompletionLink<string, string>;

function link(group: string, openMembers: number, more: Partial<Link> = {}): Link {
  return { group, openMembers, dependents: [], parent: undefined, ...more };
}

describe("when a task is done", () => {
  test("and others of its group are not, nothing else follows", () => {
    const change = completeTask([link("leaves", 3, { parent: { task: "root", openGroups: 1 } })]);
    assert.deepEqual(change, {
      groups: ["leaves"],
      nearerGroups: [],
      releasedGroups: [],
      parents: [],
      closesRootGroup: false,
    });
  });

  test("and it was its group's last, those that waited for the last of their groups are released", () => {
    const change = completeTask([
      link("leaves", 1, {
        dependents: [
          { group: "sum", unmetDependencies: 1 },
          { group: "report", unmetDependencies: 2 },
        ],
        parent: { task: "root", openGroups: 3 },
      }),
    ]);
    assert.deepEqual(change, {
      groups: ["leaves"],
      nearerGroups: ["sum", "report"],
      releasedGroups: ["sum"],
      parents: ["root"],
      closesRootGroup: false,
    });
  });

  test("it closes everything up to the root of its job", () => {
    const change = completeTask([
      link("leaf", 1, { parent: { task: "inner", openGroups: 1 } }),
      link("inner", 1, { parent: { task: "root", openGroups: 1 } }),
      link("root", 1),
    ]);
    assert.deepEqual(change.groups, ["leaf", "inner", "root"]);
    assert.deepEqual(change.parents, ["inner", "root"]);
    assert.equal(change.closesRootGroup, true);
  });

  test("links beyond the last one that changes are not read", () => {
    function* chain(): Generator<Link> {
      yield link("leaf", 1, { parent: { task: "inner", openGroups: 2 } });
      assert.fail("a link too many was read");
    }
    assert.deepEqual(completeTask(chain()).parents, ["inner"]);
  });
});

describe("giving up an optional branch", () => {
  test("leaves nothing open when nothing runs", () => {
    const left = giveUpBranch("optional", [
      { group: "top", parent: "optional", runningMembers: 0, computedMembers: ["inner"] },
      { group: "below", parent: "inner", runningMembers: 0, computedMembers: [] },
    ]);
    assert.deepEqual(
      [...left.openMembers],
      [
        ["below", 0],
        ["top", 0],
      ],
    );
    assert.deepEqual(Object.fromEntries(left.openGroups), { optional: 0, inner: 0 });
  });

  test("stays open along the way to what still runs", () => {
    const left = giveUpBranch("optional", [
      { group: "top", parent: "optional", runningMembers: 0, computedMembers: ["quiet", "busy"] },
      { group: "last", parent: "optional", runningMembers: 1, computedMembers: [] },
      { group: "busy-1", parent: "busy", runningMembers: 2, computedMembers: [] },
      { group: "busy-2", parent: "busy", runningMembers: 0, computedMembers: [] },
      { group: "quiet-1", parent: "quiet", runningMembers: 0, computedMembers: [] },
    ]);
    assert.deepEqual(Object.fromEntries(left.openMembers), {
      top: 1,
      last: 1,
      "busy-1": 2,
      "busy-2": 0,
      "quiet-1": 0,
    });
    assert.deepEqual(Object.fromEntries(left.openGroups), { optional: 2, busy: 1, quiet: 0 });
  });
});
