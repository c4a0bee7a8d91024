import assert from "node:assert/strict";
import { it } from "node:test";
import { causeChain, SystemError, toReleaseError, UserError } from "../src/errors.ts";

it("an unknown error is internal and keeps its cause", () => {
  const cause = new TypeError("x is not a function");
  const error = toReleaseError(cause);
  assert.equal(error.code, "internal");
  assert.equal(error.exitCode, 3);
  assert.equal(error.cause, cause);
});

it("a known error passes through", () => {
  const error = new UserError("config-invalid", "bad");
  assert.equal(toReleaseError(error), error);
  assert.equal(error.exitCode, 2);
});

it("the cause chain is outermost first, once each, and ends in loops", () => {
  const inner = new Error("inner");
  const outer = new SystemError("internal", "outer", { cause: new Error("inner", { cause: inner }) });
  inner.cause = outer;
  assert.deepEqual(causeChain(outer), ["outer", "inner"]);
});
