import assert from "node:assert/strict";
import { test } from "node:test";
import type { TaskId } from "../../../src/engine/job.ts";
import type { GateResult } from "../../../src/release/gates/gate.ts";
import { gateLines } from "../../../src/report/gate-lines.ts";
import { gateSection } from "../../../src/report/sections/gates.ts";
import { exampleRecord } from "../../support/run-records.ts";

const passed: GateResult = {
  ...{ gate: "replay", cluster: "dev-1", stage: "dev", outcome: "passed", tookMs: 61_000, atMs: 0 },
  message: "1 job of prod-1 completed again",
  problems: [],
  jobs: [
    {
      ...{
        id: "clone-1",
        name: "replay gate 00000000 of job-1",
        outcome: "completed",
        tasks: 5,
        elapsedMs: 900,
      },
      original: { id: "job-1", tasks: 4, elapsedMs: undefined },
    },
  ],
};

const failed = (text: string): GateResult => ({
  ...{ gate: "smoke", cluster: text, stage: "production", outcome: "failed", tookMs: 2_000, atMs: 0 },
  ...{ reason: "task-failed", message: text, problems: [], jobs: [] },
  tree: {
    cut: false,
    roots: [
      {
        ...{
          id: "t" as TaskId,
          display: text,
          state: "failed",
          optional: false,
          cluster: text,
          children: [],
        },
        ...{ retries: 0, maxRetries: 0, startedAtMs: 0, stoppedAtMs: 1_000 },
      },
    ],
  },
});

test("a run without gates has no section", () => {
  assert.equal(gateSection(exampleRecord()), undefined);
});

test("each gate has a row, replayed jobs stand beside their originals, a failed job shows its tasks", () => {
  const markdown = gateSection(exampleRecord({ gates: [passed, failed("prod-1")] }))?.markdown ?? "";
  const row =
    "| <code>dev-1</code> | replay | ✅&nbsp;passed | 1 min 1 s | 1 job of prod-1 completed again |";
  assert.ok(markdown.includes(row), markdown);
  assert.match(markdown, /\| smoke \| ❌&nbsp;failed \| 2\.0 s \| task claimed but failed \(prod-1\) \|/);
  assert.match(
    markdown,
    /<code>job-1<\/code> \| <code>clone-1<\/code> \| completed \| 5 \(4\) \| 900 ms \(\?\) \|/,
  );
  assert.match(markdown, /<pre>TASK +STATE +TRIES +TIME\nprod-1 +failed/);
  assert.deepEqual(gateLines(failed("prod-1")).slice(0, 2), [
    "  prod-1 smoke: failed in 2.0 s: task claimed but failed (prod-1)",
    "    TASK    STATE   TRIES  TIME",
  ]);
});

test("what a server says is shown as text", () => {
  const hostile = "</code><img src=x>|@octocat\n::error::`x` \u202e";
  const markdown = gateSection(exampleRecord({ gates: [failed(hostile)] }))?.markdown ?? "";
  for (const raw of ["<img", "|@octocat", "@octocat", "\u202e", "`x`"]) {
    assert.ok(!markdown.includes(raw), `${JSON.stringify(raw)} in ${markdown}`);
  }
  const lines = gateLines(failed(hostile));
  assert.ok(lines.every((line) => !line.includes("\n") && !line.trimStart().startsWith("::")));
});
