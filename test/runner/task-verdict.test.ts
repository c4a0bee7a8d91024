import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { judge, type UnansweredEnd } from "../../src/runner/task-verdict.ts";

const segfault = { kind: "signal", signal: "SIGSEGV" } as const;
const terminated = { kind: "signal", signal: "SIGTERM" } as const;
const exited = { kind: "code", code: 3 } as const;
const died = (exit: Extract<UnansweredEnd, { kind: "died" }>["exit"], together: number) =>
  ({ kind: "died", exit, together }) as const;

/** [how it ended, alone, stopping, what follows] */
const cases: readonly [UnansweredEnd, boolean, boolean, string][] = [
  [died(segfault, 1), false, false, "fail: The worker ended with signal SIGSEGV while it ran this task."],
  [died(exited, 1), false, true, "fail: The worker ended with code 3 while it ran this task."],
  [died(segfault, 3), false, false, "run-alone"],
  [died(segfault, 3), false, true, "hand-back: the worker ended with signal SIGSEGV"],
  [died(segfault, 1), true, false, "fail: The worker ended with signal SIGSEGV while it ran this task."],
  [died(terminated, 1), false, false, "run-alone"],
  [died(terminated, 1), false, true, "hand-back: the worker ended with signal SIGTERM"],
  [died(terminated, 1), true, false, "fail: The worker ended with signal SIGTERM while it ran this task."],
  [{ kind: "refused", reason: "unknown: 99" }, false, false, "run-alone"],
  [{ kind: "refused", reason: "unknown: 99" }, false, true, "hand-back: unknown: 99"],
  [
    { kind: "refused", reason: "unknown: 99" },
    true,
    false,
    "fail: The worker did not run this task: unknown: 99",
  ],
  [{ kind: "timed-out", limitMs: 1_500 }, false, true, "fail: Ran longer than 1.5 s and was stopped."],
  [{ kind: "abandoned" }, false, true, "hand-back: the runner was stopped"],
  [{ kind: "no-worker", reason: "it is gone" }, true, false, "hand-back: it is gone"],
];

describe("judge", () => {
  for (const [end, alone, stopping, expected] of cases) {
    it(`${JSON.stringify(end)}${alone ? " alone" : ""}${stopping ? " while stopping" : ""}: ${expected}`, () => {
      const verdict = judge(end, { alone, stopping });
      assert.equal("reason" in verdict ? `${verdict.kind}: ${verdict.reason}` : verdict.kind, expected);
    });
  }

  it("lets no task be run more than twice for its worker's death", () => {
    for (const exit of [segfault, terminated, exited]) {
      for (const together of [1, 2, 9]) {
        assert.notEqual(judge(died(exit, together), { alone: true, stopping: false }).kind, "run-alone");
      }
    }
  });
});
