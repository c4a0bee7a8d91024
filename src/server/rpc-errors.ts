/** Turns what a handler threw into a status that callers can act on. */
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { statusMessage, toDetails } from "../api/error-details.ts";
import type { RpcCode } from "../error-rows/row.ts";
import { errorTable } from "../error-table.ts";
import { ReleaseError } from "../errors.ts";
import { noteOutcome, outcomeOf } from "./call-outcome.ts";

/**
 * Says what went wrong without the caller being at fault. `reference` is also in the answer, so that a
 * caller's report leads to the log line.
 */
export type ReportFailure = (failure: {
  readonly what: string;
  readonly reference: string;
  readonly error: unknown;
}) => void;

const codes: Readonly<Record<RpcCode, Code>> = {
  invalid_argument: Code.InvalidArgument,
  not_found: Code.NotFound,
  already_exists: Code.AlreadyExists,
  // The official runner repeats a call that answers failed_precondition for up to an hour, so that it would
  // hang where invalid_argument ends it with the message. The codes that map to it belong to builds anyway.
  failed_precondition: Code.InvalidArgument,
  unauthenticated: Code.Unauthenticated,
  permission_denied: Code.PermissionDenied,
  resource_exhausted: Code.ResourceExhausted,
  unavailable: Code.Unavailable,
  deadline_exceeded: Code.DeadlineExceeded,
  aborted: Code.Aborted,
  data_loss: Code.DataLoss,
  unimplemented: Code.Unimplemented,
  internal: Code.Internal,
};

/** Expected errors keep their code and text; anything else is reported here and stays vague on the wire. */
export function toConnectError(thrown: unknown, what: string, report: ReportFailure): ConnectError {
  if (thrown instanceof ConnectError) return thrown;
  if (thrown instanceof ReleaseError && thrown.code !== "internal") {
    const code = codes[errorTable[thrown.code].rpc];
    const error = new ConnectError(statusMessage(thrown), code, undefined, toDetails(thrown));
    if (errorTable[thrown.code].kind === "system") report({ what, reference: thrown.code, error: thrown });
    return error;
  }
  const reference = crypto.randomUUID().slice(0, 8);
  report({ what, reference, error: thrown });
  return new ConnectError(`${what} failed inside the control plane (reference ${reference})`, Code.Internal);
}

/**
 * Around every handler: maps errors, and answers when the deadline has passed or the caller is gone
 * although the handler goes on, because a write that is under way cannot be taken back.
 */
export function errorInterceptor(report: ReportFailure): Interceptor {
  return (next) => async (request) => {
    const { promise: gone, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(ConnectError.from(request.signal.reason, Code.Canceled));
    request.signal.addEventListener("abort", onAbort, { once: true });
    try {
      const answer = await Promise.race([next(request), gone]);
      noteOutcome(request.contextValues, "OK");
      return answer;
    } catch (thrown) {
      const error = toConnectError(thrown, request.method.name, report);
      noteOutcome(request.contextValues, outcomeOf(error.code));
      throw error;
    } finally {
      request.signal.removeEventListener("abort", onAbort);
    }
  };
}
