/** What the error table says of a code. */
import type { ExitCode } from "../exit-codes.ts";

/** Names of Connect's status codes, as they stand on the wire in JSON. */
export type RpcCode =
  | "invalid_argument"
  | "not_found"
  | "already_exists"
  | "failed_precondition"
  | "unauthenticated"
  | "permission_denied"
  | "resource_exhausted"
  | "unavailable"
  | "deadline_exceeded"
  | "aborted"
  | "data_loss"
  | "unimplemented"
  | "internal";

export interface ErrorRow {
  readonly kind: "user" | "system";
  readonly exit: Exclude<ExitCode, "ok">;
  readonly rpc: RpcCode;
  /** What to do next, as an instruction. Shown after the message. */
  readonly next: string;
}
