import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Problem, UserError } from "../../src/errors.ts";
import { annotationsOf } from "../../src/report/annotations.ts";
import { recordFailure } from "../../src/report/record.ts";
import { exampleRecord } from "../support/run-records.ts";

function failedWith(problems: readonly Problem[]) {
  const record = exampleRecord();
  recordFailure(record, new UserError("config-invalid", "Two keys are not known", { problems }));
  return annotationsOf([record]);
}

describe("annotations", () => {
  it("stand at each problem's file, line and column, and the failure itself on the run", () => {
    const [failure, first] = failedWith([
      { message: "nowhere", hint: "somewhere" },
      { message: "runer is no key", file: "p/tilebox.workflow.toml", line: 3, column: 1, hint: "runner" },
    ]);
    assert.deepEqual(first, {
      kind: "error",
      title: "config-invalid",
      text: "runer is no key: runner",
      file: "p/tilebox.workflow.toml",
      startLine: 3,
      startColumn: 1,
    });
    assert.deepEqual(failure, {
      kind: "error",
      title: "config-invalid",
      text: "Two keys are not known\n- nowhere: somewhere\nCorrect tilebox.workflow.toml at the lines named above.",
    });
  });

  it("are at most 10 of a kind, the rest counted", () => {
    const problems = Array.from({ length: 25 }, (_, i) => ({ message: `${i}`, file: "a.toml", line: i + 1 }));
    const annotations = failedWith([{ message: "nowhere" }, ...problems]);
    assert.equal(annotations.length, 10);
    assert.match(annotations.at(-1)?.text ?? "", /^17 more errors are in the job summary$/);

    const notices = Array.from({ length: 12 }, (_, i) => `notice ${i}`);
    const texts = annotationsOf([exampleRecord({ notices })]).map(({ text }) => text);
    assert.equal(texts.length, 10);
    assert.equal(texts.at(-1), "3 more notices are in the job summary");
    assert.equal(annotationsOf([exampleRecord({ notices: notices.slice(0, 10) })]).length, 10);
  });

  it("are at most 10 of a kind for all projects of a run together", () => {
    const failed = Array.from({ length: 12 }, () => {
      const record = exampleRecord({ notices: ["a"] });
      recordFailure(record, new UserError("import-failed", "it fails"));
      return record;
    });
    const kinds = annotationsOf(failed).map(({ kind }) => kind);
    assert.equal(kinds.filter((kind) => kind === "error").length, 10);
    assert.equal(kinds.filter((kind) => kind === "notice").length, 10);
  });

  it("name the project of several where no file tells which it is", () => {
    const records = ["a", "b"].map((projectPath) => {
      const record = exampleRecord({ projectPath, notices: ["has no uv.lock"] });
      const problems = [{ message: "runer is no key", file: `${projectPath}/tilebox.workflow.toml` }];
      recordFailure(record, new UserError("config-invalid", "A key is not known", { problems }));
      return record;
    });
    const texts = annotationsOf(records).map(({ text }) => text.split("\n")[0]);
    assert.deepEqual(texts, [
      "a: A key is not known",
      "runer is no key",
      "b: A key is not known",
      "runer is no key",
      "a: has no uv.lock",
      "b: has no uv.lock",
    ]);
  });

  it("show what is invisible and are cut", () => {
    const [, first] = failedWith([{ message: `a\u202eb${"x".repeat(2 ** 20)}`, file: "a.py" }]);
    assert.match(first?.text ?? "", /^a\\u202ebx+…$/);
    assert((first?.text.length ?? 0) <= 2_100);
  });
});
