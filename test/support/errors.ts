import type { ErrorCode } from "../../src/error-table.ts";
import { ReleaseError } from "../../src/errors.ts";

/** For assert.rejects and assert.throws: an error of the table with this code, and a message that says this. */
export function errorOf(code: ErrorCode, message?: RegExp) {
  return (error: unknown): boolean =>
    error instanceof ReleaseError &&
    error.code === code &&
    (message === undefined || message.test(error.message));
}
