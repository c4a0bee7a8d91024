/**
 * How a refusal travels within an answer that has several outcomes: as the google.rpc.Status that trailers carry, too.
 * Connect has the same two conversions for headers alone.
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Status, StatusSchema } from "./gen/google/rpc/status_pb.ts";

const typePrefix = "type.googleapis.com/";

export function toStatus({ code, rawMessage, details }: ConnectError): MessageInitShape<typeof StatusSchema> {
  return {
    code,
    message: rawMessage,
    details: details.map((detail) =>
      "desc" in detail
        ? anyPack(detail.desc, create(detail.desc, detail.value))
        : { typeUrl: typePrefix + detail.type, value: detail.value },
    ),
  };
}

/** A status that says nothing known, as Connect reads it, is an internal one. */
export function fromStatus({ code, message, details }: Status): ConnectError {
  const error = new ConnectError(message, code in Code ? code : Code.Internal);
  error.details = details.map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
    value,
  }));
  return error;
}
