/**
 * How an error of the table travels beside a status code: as the standard details google.rpc.ErrorInfo
 * and google.rpc.BadRequest, which every gRPC tool can print. Both directions stand here so that they agree.
 */
import type { ConnectError } from "@connectrpc/connect";
import { type ErrorCode, errorTable } from "../error-table.ts";
import type { Problem, ReleaseError } from "../errors.ts";
import { BadRequestSchema, ErrorInfoSchema } from "./gen/google/rpc/error_details_pb.ts";

type OutgoingDetail = NonNullable<ConstructorParameters<typeof ConnectError>[3]>[number];

const errorDomain = "workflow-release";

/** What a control plane of this product said beyond the status code. */
export interface WireErrorDetails {
  readonly code: ErrorCode;
  readonly message: string;
  readonly problems: readonly Problem[];
  readonly next: string;
}

export function toDetails(error: ReleaseError): OutgoingDetail[] {
  const info: OutgoingDetail = {
    desc: ErrorInfoSchema,
    value: {
      reason: error.code,
      domain: errorDomain,
      // The status message has the problems appended for clients that show nothing else.
      metadata: { message: error.message, next: error.next },
    },
  };
  if (error.problems.length === 0) return [info];
  const fieldViolations = error.problems.map((problem) => ({
    field: problem.file ?? "",
    description: withHint(problem),
  }));
  return [info, { desc: BadRequestSchema, value: { fieldViolations } }];
}

/** Undefined when the answer is not one of this product's control plane. */
export function fromDetails(error: ConnectError): WireErrorDetails | undefined {
  const info = error.findDetails(ErrorInfoSchema).find((detail) => detail.domain === errorDomain);
  if (info === undefined || !isErrorCode(info.reason)) return undefined;
  const problems = error
    .findDetails(BadRequestSchema)
    .flatMap((detail) => detail.fieldViolations)
    .map(({ field, description }) =>
      field === "" ? { message: description } : { message: description, file: field },
    );
  return {
    code: info.reason,
    message: info.metadata.message ?? error.rawMessage,
    problems,
    next: info.metadata.next ?? errorTable[info.reason].next,
  };
}

/** One line for clients that show the status message only, as the Python SDK does. */
export function statusMessage(error: ReleaseError): string {
  if (error.problems.length === 0) return error.message;
  const problems = error.problems.map((problem) =>
    problem.file === undefined ? withHint(problem) : `${problem.file}: ${withHint(problem)}`,
  );
  return `${error.message}: ${problems.join("; ")}`;
}

function withHint({ message, hint }: Problem): string {
  return hint === undefined ? message : `${message} (${hint})`;
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorTable, text);
}
