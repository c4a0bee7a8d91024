import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSingleTasks, type RawSingleTask } from "../../src/engine/single-tasks.ts";
import {
  parseSubmission,
  type RawTaskGroup,
  type RawTaskSubmissions,
  type Submission,
} from "../../src/engine/submission.ts";

function group(tasks: number, more: Partial<RawTaskGroup> = {}): RawTaskGroup {
  const column = <Value>(value: Value) => Array.from({ length: tasks }, () => value);
  return {
    dependenciesOnOtherGroups: [],
    inputs: column(new Uint8Array()),
    identifierPointers: column(0n),
    clusterSlugPointers: column(0n),
    displayPointers: column(0n),
    maxRetriesValues: column(0n),
    optionalValues: [],
    ...more,
  };
}

function submissions(
  taskGroups: readonly RawTaskGroup[],
  more: Partial<RawTaskSubmissions> = {},
): RawTaskSubmissions {
  return {
    taskGroups,
    clusterSlugLookup: [""],
    identifierLookup: [{ name: "Task", version: "v1.2" }],
    displayLookup: ["Task"],
    ...more,
  };
}

function problems(submission: Submission): readonly string[] {
  return submission.ok ? [] : submission.problems;
}

describe("submissions", () => {
  test("are read column by column", () => {
    const parsed = parseSubmission(
      submissions(
        [
          group(2, {
            inputs: [new Uint8Array([1]), new Uint8Array([2])],
            identifierPointers: [1n, 0n],
            clusterSlugPointers: [1n, 0n],
            displayPointers: [0n, 1n],
            maxRetriesValues: [3n, 0n],
            optionalValues: [false, true],
          }),
          group(1, { dependenciesOnOtherGroups: [0, 0] }),
        ],
        {
          clusterSlugLookup: ["", "dev"],
          identifierLookup: [
            { name: "A", version: "v1.2" },
            { name: "B", version: "v0.10" },
          ],
          displayLookup: ["one", "two"],
        },
      ),
    );
    assert.ok(parsed.ok);
    const [first, second] = parsed.groups;
    assert.deepEqual(first?.tasks, [
      {
        cluster: { kind: "slug", slug: "dev" },
        identifier: { name: "B", version: "v0.10", major: 0, minor: 10 },
        input: new Uint8Array([1]),
        display: "one",
        maxRetries: 3,
        optional: false,
      },
      {
        cluster: { kind: "default" },
        identifier: { name: "A", version: "v1.2", major: 1, minor: 2 },
        input: new Uint8Array([2]),
        display: "two",
        maxRetries: 0,
        optional: true,
      },
    ]);
    assert.deepEqual(second?.dependsOn, [0]);
  });

  test("may depend on later groups, as long as they can run in some order", () => {
    const forward = submissions([group(1, { dependenciesOnOtherGroups: [1] }), group(1)]);
    assert.deepEqual(problems(parseSubmission(forward)), []);
  });

  const cases: readonly (readonly [string, RawTaskSubmissions, RegExp])[] = [
    ["65 groups", submissions(Array.from({ length: 65 }, () => group(1))), /65 task groups; at most 64/],
    ["more tasks than fit", submissions([group(100_001)]), /100001 tasks/],
    ["an empty group", submissions([group(0)]), /task_groups\[0\] has no tasks/],
    [
      "columns of different length",
      submissions([group(2, { displayPointers: [0n], optionalValues: [true] })]),
      /2 inputs, but 1 display_pointers.*1 optional_values/s,
    ],
    [
      "an input that is too long",
      submissions([group(1, { inputs: [new Uint8Array(2049)] })]),
      /task 0: an input of 2049 bytes; the limit is 2048/,
    ],
    [
      "a pointer to nowhere",
      submissions([group(1, { identifierPointers: [1n] })]),
      /task 0: identifier 1 of 1 does not exist/,
    ],
    ["an empty display", submissions([group(1)], { displayLookup: [""] }), /display_lookup\[0\] is empty/],
    [
      "a name without an end",
      submissions([group(1)], { identifierLookup: [{ name: "x".repeat(257), version: "v1.0" }] }),
      /identifier_lookup\[0\]: the name must have 1 to 256/,
    ],
    [
      "a version that is none",
      submissions([group(1)], { identifierLookup: [{ name: "A", version: "1.0" }] }),
      /"1.0" is not of the form vMAJOR.MINOR/,
    ],
    ["a cluster that is none", submissions([group(1)], { clusterSlugLookup: ["no slug"] }), /"no slug"/],
    ["negative retries", submissions([group(1, { maxRetriesValues: [-1n] })]), /max_retries must be 0 to/],
    [
      "an unknown group",
      submissions([group(1, { dependenciesOnOtherGroups: [1] })]),
      /task_groups\[0\] depends on group 1, which does not exist/,
    ],
    [
      "a group that waits for itself",
      submissions([group(1, { dependenciesOnOtherGroups: [0] })]),
      /run in a circle: 0 → 0/,
    ],
    [
      "a circle",
      submissions([
        group(1),
        group(1, { dependenciesOnOtherGroups: [0, 3] }),
        group(1, { dependenciesOnOtherGroups: [1] }),
        group(1, { dependenciesOnOtherGroups: [2] }),
      ]),
      /run in a circle: 1 → 3 → 2 → 1/,
    ],
  ];
  for (const [name, raw, expected] of cases) {
    test(`${name} is refused`, () => assert.match(problems(parseSubmission(raw)).join("\n"), expected));
  }

  test("all problems are reported, a thousand of one kind as a few", () => {
    const raw = submissions([group(1000, { clusterSlugPointers: Array(1000).fill(7n) }), group(0)]);
    const found = problems(parseSubmission(raw));
    assert.equal(found.length, 21);
    assert.equal(found.at(-1), "and more");
  });

  test("a display longer than 1,024 characters is cut between characters", () => {
    const raw = submissions([group(1)], { displayLookup: ["😀".repeat(2000)] });
    const parsed = parseSubmission(raw);
    assert.equal(parsed.ok && parsed.groups[0]?.tasks[0]?.display, "😀".repeat(1024));
  });
});

describe("the form without groups", () => {
  const single = (more: Partial<RawSingleTask> = {}): RawSingleTask => ({
    clusterSlug: "",
    identifier: { name: "Task", version: "v1.0" },
    input: new Uint8Array(),
    display: "",
    dependencies: [],
    maxRetries: 0n,
    ...more,
  });

  test("makes a group of each task", () => {
    const parsed = parseSingleTasks([single(), single({ dependencies: [0n], display: "two" })], 10);
    assert.ok(parsed.ok);
    assert.deepEqual(
      parsed.groups.map(({ dependsOn, tasks }) => [dependsOn, tasks[0]?.display]),
      [
        [[], "Task"],
        [[0], "two"],
      ],
    );
  });

  test("has the same limits", () => {
    const wrong = [
      single({ dependencies: [1n] }),
      single({ dependencies: [0n, 9n], input: new Uint8Array(3000) }),
      single({ identifier: undefined }),
    ];
    const found = problems(parseSingleTasks(wrong, 10)).join("\n");
    assert.match(found, /task 1 depends on task 9/);
    assert.match(found, /task 1: an input of 3000 bytes/);
    assert.match(found, /task 2: the name must have/);
    assert.match(found, /circle: 0 → 1 → 0/);
    assert.match(problems(parseSingleTasks([single(), single()], 1)).join(), /2 tasks; at most 1/);
  });
});
