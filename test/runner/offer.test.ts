import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { matchOffer, offersOf } from "../../src/runner/offer.ts";

const task = (name: string, version: string) => ({ name, version });
const candidate = (workflow: string, ...tasks: { name: string; version: string }[]) => ({
  owner: `release of ${workflow}`,
  workflow,
  tasks,
});
const shown = (offers: ReturnType<typeof offersOf<string>>) =>
  offers.offered.map(({ name, version, owner }) => `${name}@${version} ${owner}`);

describe("offersOf", () => {
  it("offers every task with the release that has it", () => {
    const offers = offersOf([
      candidate("a", task("x", "v1.0"), task("y", "v0.3")),
      candidate("b", task("z", "v1.0")),
    ]);
    assert.deepEqual(shown(offers), ["x@v1.0 release of a", "y@v0.3 release of a", "z@v1.0 release of b"]);
    assert.deepEqual(offers.ambiguous, []);
  });

  it("offers a task of no workflow whose name and major version another one has, also with other minor versions", () => {
    const offers = offersOf([
      candidate("b", task("x", "v1.3"), task("y", "v1.0")),
      candidate("a", task("x", "v1.0"), task("x", "v2.0")),
    ]);
    assert.deepEqual(shown(offers), ["y@v1.0 release of b", "x@v2.0 release of a"]);
    assert.deepEqual(offers.ambiguous, [{ name: "x", major: 1, workflows: ["a", "b"] }]);
  });

  it("takes several minor versions within one workflow for no ambiguity", () => {
    const offers = offersOf([candidate("a", task("x", "v1.0"), task("x", "v1.5"))]);
    assert.equal(offers.offered.length, 2);
    assert.deepEqual(offers.ambiguous, []);
  });
});

describe("matchOffer", () => {
  const { offered } = offersOf([candidate("a", task("x", "v1.2"), task("x", "v1.5"), task("x", "v2.0"))]);
  const match = (version: string) => matchOffer(offered, task("x", version))?.version;

  it("takes the very identifier where it is offered", () => assert.equal(match("v1.2"), "v1.2"));
  it("takes the newest compatible one for a submitted version that is not", () => {
    assert.equal(match("v1.3"), "v1.5");
    assert.equal(match("v1.0"), "v1.5");
  });
  it("takes none of another major or an older minor version, or for nonsense", () => {
    assert.deepEqual([match("v3.0"), match("v2.1"), match("1"), match("")], Array(4).fill(undefined));
  });
});
