import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { errorFromJsonBytes, errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import { fromDetails, statusMessage, toDetails } from "../../src/api/error-details.ts";
import { type ErrorCode, errorTable } from "../../src/error-table.ts";
import { SystemError, UserError } from "../../src/errors.ts";

function overTheWire(error: UserError | SystemError): ConnectError {
  const sent = new ConnectError(statusMessage(error), Code.InvalidArgument, undefined, toDetails(error));
  return errorFromJsonBytes(errorToJsonBytes(sent, undefined), undefined, new ConnectError("unreadable"));
}

describe("error details", () => {
  it("carry every code of the table", () => {
    for (const code of Object.keys(errorTable) as ErrorCode[]) {
      const error =
        errorTable[code].kind === "user"
          ? new UserError(code as UserError["code"], "text")
          : new SystemError(code as SystemError["code"], "text");
      assert.equal(fromDetails(overTheWire(error))?.code, code);
    }
  });

  it("carry message, problems and next step, and tell other clients in one line", () => {
    const error = new UserError("request-invalid", "The request cannot be carried out", {
      problems: [
        { message: "must be set", file: "artifact_id" },
        { message: "too many", hint: "at most 3" },
      ],
      next: "Do this.",
    });
    const received = overTheWire(error);
    assert.equal(
      received.rawMessage,
      "The request cannot be carried out: artifact_id: must be set; too many (at most 3)",
    );
    assert.deepEqual(fromDetails(received), {
      code: "request-invalid",
      message: "The request cannot be carried out",
      problems: [{ message: "must be set", file: "artifact_id" }, { message: "too many (at most 3)" }],
      next: "Do this.",
    });
  });

  it("of somebody else are not ours", () => {
    assert.equal(fromDetails(new ConnectError("no", Code.NotFound)), undefined);
    const foreign = toDetails(new UserError("request-invalid", "no")).map((detail) => ({
      ...detail,
      value: { reason: "request-invalid", domain: "example.com" },
    }));
    assert.equal(fromDetails(new ConnectError("no", Code.NotFound, undefined, foreign)), undefined);
    const unknown = foreign.map((detail) => ({
      ...detail,
      value: { reason: "toString", domain: "workflow-release" },
    }));
    assert.equal(fromDetails(new ConnectError("no", Code.NotFound, undefined, unknown)), undefined);
  });
});
