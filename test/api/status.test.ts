import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { fromDetails, toDetails } from "../../src/api/error-details.ts";
import { StatusSchema } from "../../src/api/gen/google/rpc/status_pb.ts";
import { fromStatus, toStatus } from "../../src/api/status.ts";
import { UserError } from "../../src/errors.ts";

const overTheWire = (error: ConnectError) =>
  fromStatus(fromBinary(StatusSchema, toBinary(StatusSchema, create(StatusSchema, toStatus(error)))));

describe("a status as a message", () => {
  it("keeps code, message and details, also those that came over another wire", () => {
    const error = new UserError("request-invalid", "wrong", { problems: [{ file: "a", message: "bad" }] });
    const sent = new ConnectError("wrong: a: bad", Code.InvalidArgument, undefined, toDetails(error));
    const received = overTheWire(sent);
    for (const one of [received, overTheWire(received)]) {
      assert.deepEqual([one.code, one.rawMessage], [Code.InvalidArgument, "wrong: a: bad"]);
      assert.deepEqual(fromDetails(one), {
        code: "request-invalid",
        message: "wrong",
        problems: [{ message: "bad", file: "a" }],
        next: error.next,
      });
    }
  });

  it("is internal where its code is none", () => {
    for (const code of [0, 17, -1]) {
      assert.equal(fromStatus(create(StatusSchema, { code, message: "?" })).code, Code.Internal);
    }
  });
});
