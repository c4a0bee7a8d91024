import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ClaimPlace, compareClaimPlaces, placesInFront } from "../../src/engine/claim.ts";
import { canRun, chooseIdentifier, withVersion } from "../../src/engine/task-version.ts";

/**
 * One runner that knows every task, on a job given as a tree: a node names the groups it submits, each
 * waiting for the one before. Returns the order of execution.
 */
function runTree(root: string, submits: Readonly<Record<string, readonly (readonly string[])[]>>): string[] {
  interface Node extends ClaimPlace {
    readonly name: string;
    readonly waitsFor: readonly Node[];
    readonly children: Node[];
    ran: boolean;
  }
  let front = 0;
  const all: Node[] = [];
  const submit = (groups: readonly (readonly string[])[]): Node[] => {
    front = placesInFront(front, groups.flat().length);
    let position = front;
    let earlier: Node[] = [];
    const made = groups.map((group) => {
      earlier = group.map((name) => ({
        name,
        jobSequence: 1,
        position: position++,
        waitsFor: earlier,
        children: [],
        ran: false,
      }));
      return earlier;
    });
    all.push(...made.flat());
    return made.flat();
  };
  const isDone = (node: Node): boolean => node.ran && node.children.every(isDone);
  submit([[root]]);
  const order: string[] = [];
  for (;;) {
    const ready = all.filter((node) => !node.ran && node.waitsFor.every(isDone));
    const next = ready.toSorted(compareClaimPlaces)[0];
    if (next === undefined) return order;
    next.ran = true;
    order.push(next.name);
    next.children.push(...submit(submits[next.name] ?? []));
  }
}

describe("the claim order", () => {
  test("runs a fib(7) tree as the public service did", () => {
    // A task whose value is in the job's cache submits nothing, so each number has one subtree.
    const order = runTree("7", {
      "7": [["5", "6"], ["Sum7"]],
      "5": [["3", "4"], ["Sum5"]],
      "3": [["1", "2"], ["Sum3"]],
      "4": [["2 again", "3 again"], ["Sum4"]],
      "6": [["4 again", "5 again"], ["Sum6"]],
    });
    const recorded = "7,5,3,1,2,Sum3,4,2,3,Sum4,Sum5,6,4,5,Sum6,Sum7";
    assert.equal(order.map((name) => name.replace(" again", "")).join(), recorded);
  });

  test("between jobs is that of submission", () => {
    const places = [
      { jobSequence: 2, position: -9 },
      { jobSequence: 1, position: 4 },
      { jobSequence: 1, position: -1 },
    ];
    assert.deepEqual(
      places.toSorted(compareClaimPlaces).map(({ position }) => position),
      [-1, 4, -9],
    );
  });
});

describe("versions", () => {
  const identifier = (name: string, version: string) =>
    withVersion({ name, version }) ?? assert.fail(`${version} cannot be read`);

  test("match by name and major version, with a minor version at least as new", () => {
    const submitted = identifier("A", "v1.3");
    const runs = (name: string, version: string) => canRun(identifier(name, version), submitted);
    assert.deepEqual(
      ["v1.3", "v1.4", "v1.10", "v1.2", "v2.3", "v0.3"].map((version) => runs("A", version)),
      [true, true, true, false, false, false],
    );
    assert.equal(runs("B", "v1.3"), false);
  });

  test("a task is handed out under the runner's newest compatible identifier", () => {
    const offered = ["v1.4", "v1.10", "v2.0", "v1.2"].map((version) => identifier("A", version));
    assert.equal(chooseIdentifier(offered, identifier("A", "v1.3"))?.version, "v1.10");
    assert.equal(chooseIdentifier(offered, identifier("A", "v3.0")), undefined);
  });

  test("are vMAJOR.MINOR in ASCII digits and nothing else", () => {
    const read = (version: string) => withVersion({ name: "A", version });
    for (const wrong of [
      "1.0",
      "v1",
      "v1.0.0",
      "V1.0",
      "",
      "v1.0\n",
      "v-1.0",
      "v١.0",
      `v${"9".repeat(20)}.0`,
    ]) {
      assert.equal(read(wrong), undefined, wrong);
    }
    assert.deepEqual(read("v01.00"), { name: "A", version: "v01.00", major: 1, minor: 0 });
  });
});
