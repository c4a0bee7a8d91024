import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { UnaryMethod } from "./grpc-unary.ts";
import type { RunnerCall } from "./services/tasks.ts";

interface MethodDesc<I extends DescMessage, O extends DescMessage> {
  readonly input: I;
  readonly output: O;
}

export function unaryMethod<I extends DescMessage, O extends DescMessage>(
  { input, output }: MethodDesc<I, O>,
  handle: (request: MessageShape<I>, call: RunnerCall) => Promise<MessageInitShape<O>>,
): UnaryMethod {
  return {
    read: (message) => fromBinary(input, message),
    answer: async (request, call) =>
      toBinary(output, create(output, await handle(request as MessageShape<I>, call))),
  };
}
