import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type CompletionLink, completeTask } from "../../src/engine/completion.ts";
import { giveUpBranch } from "../../src/engine/optional-branch.ts";

type Link = CompletionLink<string>;

function link(openMembers: number, more: Partial<Link> = {}): Link {
  return { openMembers, dependents: [], parent: undefined, ...more };
}

describe("when a task is done", () => {
  test("and others of its group are not, nothing follows", () => {
    const change = completeTask([link(2, { dependents: [{ group: "sum", unmetDependencies: 1 }] })]);
    assert.deepEqual(change, { nearerGroups: [], releasedGroups: [], closesRootGroup: false });
  });

  test("and it was its group's last, those that waited for the last of their groups are released", () => {
    const change = completeTask([
      link(0, {
        dependents: [
          { group: "sum", unmetDependencies: 1 },
          { group: "report", unmetDependencies: 2 },
        ],
        parent: { openGroups: 2 },
      }),
    ]);
    assert.deepEqual(change, {
      nearerGroups: ["sum", "report"],
      releasedGroups: ["sum"],
      closesRootGroup: false,
    });
  });

  test("it closes everything up to the root of its job", () => {
    const change = completeTask([
      link(0, { parent: { openGroups: 0 } }),
      link(0, { parent: { openGroups: 0 }, dependents: [{ group: "next", unmetDependencies: 1 }] }),
      link(0),
    ]);
    assert.deepEqual(change, { nearerGroups: ["next"], releasedGroups: ["next"], closesRootGroup: true });
  });

  test("links beyond the last one that changes are not taken", () => {
    function* chain(): Generator<Link> {
      yield link(0, { parent: { openGroups: 1 } });
      assert.fail("a link too many was taken");
    }
    assert.equal(completeTask(chain()).closesRootGroup, false);
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
