import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { identifierProblems } from "../../src/engine/registered-tasks.ts";

const task = (name: string, version = "v1.0") => ({ name, version });

describe("the tasks that a worker registered", () => {
  for (const good of [
    task("A"),
    task("tiles/Mosaic", "v0.0"),
    task("Grüße aus 東京 🚀"),
    task("x".repeat(256)),
    task("🚀".repeat(256)),
    task("a", "v01.00"),
  ]) {
    it(`takes ${JSON.stringify(good).slice(0, 60)}`, () => assert.deepEqual(identifierProblems([good]), []));
  }

  const bad: readonly (readonly [ReturnType<typeof task>, RegExp])[] = [
    [task(""), /has no name/],
    [task("x".repeat(257)), /has 257 characters; at most 256/],
    [task("a\nb"), /"a\\nb" holds characters that cannot be printed/],
    [task("a\u202eb"), /cannot be printed/],
    [task("a\u0000"), /cannot be printed/],
    [task("a\u2028"), /cannot be printed/],
    [task("a", "1.0"), /version "1\.0" of task "a" is not vMAJOR\.MINOR/],
    [task("a", "v1"), /is not vMAJOR\.MINOR/],
    [task("a", "v1.0.0"), /is not vMAJOR\.MINOR/],
    [task("a", "V1.0"), /is not vMAJOR\.MINOR/],
    [task("a", ""), /is not vMAJOR\.MINOR/],
    [task("a", "v1.0\n"), /"v1\.0\\n"/],
    [task("a", "v١.٠"), /is not vMAJOR\.MINOR/],
    [task("a", "v12345678901234567890.0"), /is not vMAJOR\.MINOR/],
  ];
  for (const [identifier, expected] of bad) {
    it(`refuses ${JSON.stringify(identifier).slice(0, 60)}`, () => {
      const problems = identifierProblems([identifier]);
      assert.equal(problems.length, 1, problems.join("; "));
      assert.match(problems[0] ?? "", expected);
    });
  }

  it("refuses the same name and version twice, but not two versions of a name", () => {
    assert.deepEqual(identifierProblems([task("a"), task("a", "v1.1"), task("b")]), []);
    assert.deepEqual(identifierProblems([task("a"), task("b"), task("a")]), [
      'The task "a" is registered twice with version v1.0',
    ]);
  });

  it("names all problems together", () => {
    assert.equal(identifierProblems([task("", "x"), task("a\n", "y")]).length, 4);
  });
});
