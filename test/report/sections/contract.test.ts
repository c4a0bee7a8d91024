import assert from "node:assert/strict";
import { test } from "node:test";
import { contractOfNames, type TaskContract } from "../../../src/engine/contract.ts";
import { compareContracts } from "../../../src/engine/contract-rules.ts";
import { contractLines } from "../../../src/report/contract-lines.ts";
import { contractSection } from "../../../src/report/sections/contract.ts";
import { exampleRecord } from "../../support/run-records.ts";

const hostile = "</code><img src=x>|@octocat\n::error::`x` \u202e";

test("names, types and reasons of a project are shown as text", () => {
  const contract = (type: string): TaskContract => ({
    tasks: [
      {
        name: hostile,
        version: "v1.0",
        input: { kind: "fields", fields: [hostile, "b"].map((name) => ({ name, type, required: true })) },
      },
    ],
    records: [],
  });
  const findings = [
    ...compareContracts(contract(hostile), contract("int")),
    ...compareContracts(contractOfNames([{ name: hostile, version: "v1.0" }], hostile), contract("int")),
  ];
  const jobs = [
    { cluster: hostile, tasks: [{ name: hostile, tasks: 1, jobs: 1 }] },
    { cluster: "prod-1", tasks: [], unread: hostile },
  ];
  const check = { against: hostile, findings, jobs };
  const record = exampleRecord({
    contract: { checks: [check], absent: hostile, allowedBy: "input" as const },
  });
  const markdown = contractSection(record)?.markdown ?? "";
  for (const raw of ["<img", "|@octocat", "@octocat", "\u202e", "`x`"]) {
    assert.ok(!markdown.includes(raw), `${JSON.stringify(raw)} in ${markdown}`);
  }
  assert.ok(contractLines(check).every((line) => !line.includes("\n") && !line.trimStart().startsWith("::")));
});

test("says nothing where nothing was compared, and little where nothing changed", () => {
  assert.equal(contractSection(exampleRecord()), undefined);
  const same = { checks: [{ against: "main", findings: [], jobs: [] }] };
  assert.match(
    contractSection(exampleRecord({ contract: same }))?.markdown ?? "",
    /<code>main<\/code>: the same$/,
  );
});
