/**
 * The one table of everything that can go wrong and what a person is told about it.
 *
 * A code is a closed word: it is the action's `failure-reason` output, the `code` of `--json`, the
 * anchor in the README and the reason a server sends beside an RPC code. "user" means that the
 * project, its configuration or the request must change; "system" means that it may work when it is
 * tried again or when a machine is mended.
 */
import { anyErrors } from "./error-rows/anything.ts";
import { apiErrors } from "./error-rows/api.ts";
import { controlPlaneErrors } from "./error-rows/control-plane.ts";
import { hostedCliErrors } from "./error-rows/hosted-cli.ts";
import { projectErrors } from "./error-rows/project.ts";
import { releaseErrors } from "./error-rows/releases.ts";
import type { ErrorRow } from "./error-rows/row.ts";
import { workerErrors } from "./error-rows/worker.ts";

export const errorTable = {
  ...projectErrors,
  ...workerErrors,
  ...apiErrors,
  ...hostedCliErrors,
  ...releaseErrors,
  ...controlPlaneErrors,
  ...anyErrors,
} as const;

export type ErrorCode = keyof typeof errorTable;
type CodeOfKind<Kind extends ErrorRow["kind"]> = {
  [C in ErrorCode]: (typeof errorTable)[C]["kind"] extends Kind ? C : never;
}[ErrorCode];
export type UserErrorCode = CodeOfKind<"user">;
export type SystemErrorCode = CodeOfKind<"system">;
