import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { type ErrorCode, errorTable } from "../../src/error-table.ts";
import { SystemError, UserError } from "../../src/errors.ts";
import { toConnectError } from "../../src/server/rpc-errors.ts";

function mapped(thrown: unknown) {
  const reports: { reference: string; error: unknown }[] = [];
  const error = toConnectError(thrown, "GetWorkflow", (failure) => reports.push(failure));
  return { error, reports };
}

describe("toConnectError", () => {
  it("never answers failed_precondition, which makes the official runner repeat a call for an hour", () => {
    for (const code of Object.keys(errorTable) as ErrorCode[]) {
      const { kind } = errorTable[code];
      const thrown =
        kind === "user"
          ? new UserError(code as UserError["code"], "text")
          : new SystemError(code as SystemError["code"], "text");
      assert.notEqual(mapped(thrown).error.code, Code.FailedPrecondition, code);
    }
  });

  it("says what the user did wrong and reports nothing", () => {
    const { error, reports } = mapped(new UserError("workflow-not-found", "There is no workflow x"));
    assert.deepEqual([error.code, error.rawMessage, reports], [Code.NotFound, "There is no workflow x", []]);
  });

  it("says what failed in the system and reports it with its cause", () => {
    const cause = new Error("disk full");
    const thrown = new SystemError("store-failed", "The disk is full", { cause });
    const { error, reports } = mapped(thrown);
    assert.deepEqual([error.code, error.rawMessage], [Code.Unavailable, "The disk is full"]);
    assert.deepEqual(
      reports.map((report) => report.error),
      [thrown],
    );
  });

  it("keeps a defect to itself, but for a reference to the report", () => {
    for (const thrown of [
      new TypeError("x.secret is undefined"),
      "text",
      undefined,
      new SystemError("internal", "secret"),
    ]) {
      const { error, reports } = mapped(thrown);
      assert.equal(error.code, Code.Internal);
      assert.ok(!error.message.includes("secret"));
      assert.equal(error.details.length, 0);
      assert.equal(reports.length, 1);
      assert.equal(reports[0]?.error, thrown);
      assert.ok(error.message.includes(String(reports[0]?.reference)));
    }
  });

  it("passes on what is a status already", () => {
    const thrown = new ConnectError("not implemented", Code.Unimplemented);
    assert.equal(mapped(thrown).error, thrown);
  });
});
