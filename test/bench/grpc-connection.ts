/**
 * The least that a gRPC client can be: one HTTP/2 connection, unary calls, no deadlines, no compression. A
 * load that costs more than what it measures would measure itself.
 */
import http2 from "node:http2";
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";

export interface GrpcConnection extends Disposable {
  call<I extends DescMessage, O extends DescMessage>(
    method: { readonly path: string; readonly input: I; readonly output: O },
    request: MessageInitShape<I>,
  ): Promise<MessageShape<O>>;
}

export function connectGrpc(url: string): GrpcConnection {
  const session = http2.connect(url);
  return {
    call({ path, input, output }, request) {
      const { promise, resolve, reject } = Promise.withResolvers<MessageShape<typeof output>>();
      const stream = session.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc+proto",
        te: "trailers",
      });
      const chunks: Buffer[] = [];
      let status: string | undefined;
      stream.on("response", (headers) => {
        status = headers["grpc-status"]?.toString();
      });
      stream.on("trailers", (trailers) => {
        status = trailers["grpc-status"]?.toString();
      });
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("error", reject);
      stream.on("end", () => {
        if (status === "0") resolve(fromBinary(output, Buffer.concat(chunks).subarray(5)));
        else reject(new Error(`${path} ended with status ${status}`));
      });
      const message = toBinary(input, create(input, request));
      const frame = Buffer.allocUnsafe(5 + message.length);
      frame.writeUInt8(0, 0);
      frame.writeUInt32BE(message.length, 1);
      frame.set(message, 5);
      stream.end(frame);
      return promise;
    },
    [Symbol.dispose]: () => session.destroy(),
  };
}
