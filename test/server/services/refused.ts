import { type Code, ConnectError } from "@connectrpc/connect";

/** For assert.rejects: a status with this code, and a message that says this. */
export function refused(code: Code, message?: RegExp) {
  return (error: unknown): boolean =>
    error instanceof ConnectError && error.code === code && (message?.test(error.rawMessage) ?? true);
}
