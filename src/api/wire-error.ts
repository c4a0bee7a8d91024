/**
 * Turns what a transport threw into an error of the table. Everything that a server can do wrong ends
 * here: refusals, silence, broken connections, and answers of something that is no control plane.
 */
import { Code, ConnectError } from "@connectrpc/connect";
import { type ErrorCode, errorTable, type UserErrorCode } from "../error-table.ts";
import { type ErrorDetails, ReleaseError, SystemError, UserError } from "../errors.ts";
import type { FailedCall, Missing } from "./call-rules.ts";
import { fromDetails } from "./error-details.ts";
import { NoAnswerInTime } from "./no-answer.ts";
import { nodeErrorCode } from "./node-error.ts";

export function fromWireError(thrown: unknown, call: FailedCall): ReleaseError {
  if (thrown instanceof ReleaseError) return thrown;
  if (call.signal?.aborted === true) {
    return new SystemError("interrupted", `${call.name} was stopped before ${call.host} had answered`, {
      cause: thrown,
    });
  }
  if (thrown instanceof NoAnswerInTime) return notInTime(thrown, call);
  const nodeCode = nodeErrorCode(thrown);
  if (nodeCode !== undefined) return fromNodeError(thrown, nodeCode, call);
  const error = ConnectError.from(thrown, Code.Internal);
  const own = fromDetails(error);
  if (own !== undefined) return createError(own.code, own.message, { cause: error, ...own });
  return fromStatus(error, call);
}

/** In words what Node says in codes. Codes that are not here say enough by themselves. */
const nodeReasons: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "nothing listens there"],
  ["ENOENT", "the socket does not exist"],
  ["ENOTFOUND", "the name cannot be resolved"],
  ["EAI_AGAIN", "the name cannot be resolved now"],
  ["ECONNRESET", "the connection was closed before the answer came"],
  ["EPIPE", "the connection was closed before the request was sent"],
  ["ERR_STREAM_PREMATURE_CLOSE", "the connection was closed before the answer was complete"],
  ["ETIMEDOUT", "the connection timed out"],
  [
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "its certificate is self-signed; name its authority in NODE_EXTRA_CA_CERTS",
  ],
  ["SELF_SIGNED_CERT_IN_CHAIN", "its certificate's authority is not trusted; name it in NODE_EXTRA_CA_CERTS"],
  [
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "its certificate's authority is not trusted; name it in NODE_EXTRA_CA_CERTS",
  ],
  ["CERT_HAS_EXPIRED", "its certificate has expired"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "its certificate is for another name"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "it does not speak TLS on this port"],
  ["ERR_SSL_PACKET_LENGTH_TOO_LONG", "it does not speak TLS on this port"],
  ["EPROTO", "it does not speak TLS on this port, or no version of it that this machine knows"],
  ["ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL", "it does not speak HTTP/2"],
  ["ERR_HTTP2_ERROR", "it does not keep to HTTP/2"],
]);

function fromNodeError(thrown: unknown, nodeCode: string, call: FailedCall): ReleaseError {
  if (nodeCode.startsWith("HPE_")) return notAControlPlane(thrown, "does not speak HTTP", call);
  const reason = nodeReasons.get(nodeCode) ?? nodeCode;
  return new SystemError("api-unreachable", `${call.host} cannot be reached for ${call.name}: ${reason}`, {
    cause: thrown,
  });
}

/** A status without our details: a hosted service, a proxy, or something else altogether. */
function fromStatus(error: ConnectError, call: FailedCall): ReleaseError {
  const said = error.rawMessage === "" ? `status ${Code[error.code]}` : error.rawMessage;
  const message = `${call.host} refused ${call.name}: ${said}`;
  const details = { cause: error };
  // Connect makes of it what 503 is, but a request that was refused for its rate was not carried out.
  if (said === "HTTP 429") return new SystemError("api-limit", message, details);
  switch (error.code) {
    case Code.InvalidArgument:
    case Code.OutOfRange:
    case Code.FailedPrecondition:
      return new UserError("request-invalid", message, details);
    case Code.NotFound:
      return new UserError(notFoundCode(said, call.missing), message, details);
    case Code.AlreadyExists:
      return new UserError("already-exists", message, details);
    case Code.Unauthenticated:
      return new UserError("unauthenticated", message, details);
    case Code.PermissionDenied:
      return new UserError("permission-denied", message, details);
    case Code.ResourceExhausted:
      return new SystemError("api-limit", message, details);
    case Code.DeadlineExceeded:
      return notInTime(error, call);
    case Code.Unavailable:
    // A server that dies ends its HTTP/2 streams with CANCEL; our own aborts were told apart before.
    case Code.Canceled:
    case Code.Aborted:
      return new SystemError(
        "api-unreachable",
        `${call.host} is not available for ${call.name}: ${said}`,
        details,
      );
    case Code.Unimplemented:
      return new UserError("api-unsupported", `${call.host} does not offer ${call.name}: ${said}`, details);
    case Code.Unknown:
    case Code.Internal:
    case Code.DataLoss:
      return fromBrokenAnswer(error, said, call);
  }
}

/** Connect reports an answer that is no RPC answer as unknown or internal, with what it saw in the message. */
function fromBrokenAnswer(error: ConnectError, said: string, call: FailedCall): ReleaseError {
  if (/^HTTP 3\d\d/.test(said)) {
    return notAControlPlane(error, "answers with a redirect, which is not followed with an API key", call);
  }
  if (/^unsupported content type/.test(said)) {
    return notAControlPlane(error, `answers with ${said.replace("unsupported content type ", "")}`, call);
  }
  return new SystemError("api-failed", `${call.host} failed in ${call.name}: ${said}`, { cause: error });
}

function notInTime(cause: unknown, { host, name }: FailedCall): SystemError {
  return new SystemError("api-timeout", `${host} did not answer ${name} in time`, { cause });
}

function notAControlPlane(cause: unknown, what: string, call: FailedCall): UserError {
  return new UserError("api-unsupported", `${call.host} is no control plane: it ${what}`, {
    cause,
    next: "Check api-url: it names the host of the control plane's API, not of a web page or proxy.",
  });
}

function notFoundCode(said: string, missing: readonly Missing[]): UserErrorCode {
  const named = missing.find((kind) => said.toLowerCase().includes(kind)) ?? missing[0];
  return named === undefined ? "request-invalid" : `${named}-not-found`;
}

function createError(code: ErrorCode, message: string, details: ErrorDetails): ReleaseError {
  return isUserCode(code) ? new UserError(code, message, details) : new SystemError(code, message, details);
}

function isUserCode(code: ErrorCode): code is UserErrorCode {
  return errorTable[code].kind === "user";
}
