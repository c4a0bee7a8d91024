/**
 * The least that a gRPC client can be: one HTTP/2 connection, one unary call at a time, its frames written
 * as they go over the wire. A load that costs more than what it measures would measure itself. For small
 * calls only: it has no flow control, and relies on a call and its answer fitting the windows.
 */
import { once } from "node:events";
import net from "node:net";

export interface GrpcConnection extends Disposable {
  /** @returns the answer's message. Rejects when the answer is a status without a message. */
  call(path: string, message: Uint8Array): Promise<Buffer>;
}

const frameHeadBytes = 9;
const prefixBytes = 5;
const frame = { data: 0, headers: 1, reset: 3, settings: 4, goAway: 7, windowUpdate: 8 } as const;
const flag = { ack: 1, endStream: 1, endHeaders: 4 } as const;
const largestWindow = 2 ** 31 - 1;
const firstWindow = 65_535;

function framed(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(frameHeadBytes + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes.writeUInt8(type, 3);
  bytes.writeUInt8(flags, 4);
  bytes.writeUInt32BE(stream, 5);
  bytes.set(payload, frameHeadBytes);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** HPACK: the static table's entries by number, the rest as literals that are not remembered. */
function requestHeaders(authority: string, path: string): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
  return Buffer.concat([
    Buffer.from([0x83, 0x86, 0x04]), // :method POST, :scheme http, :path
    text(path),
    Buffer.from([0x01]), // :authority
    text(authority),
    Buffer.from([0x0f, 0x10]), // content-type
    text("application/grpc+proto"),
    Buffer.from([0x00]),
    text("te"),
    text("trailers"),
  ]);
}

/** Windows as wide as they go, for the streams and for the connection, so that none must be widened later. */
const preface = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  framed(frame.settings, 0, 0, Buffer.concat([Buffer.from([0, 4]), uint32(largestWindow)])),
  framed(frame.windowUpdate, 0, 0, uint32(largestWindow - firstWindow)),
]);

interface Call {
  readonly resolve: (message: Buffer) => void;
  readonly reject: (error: Error) => void;
  readonly chunks: Buffer[];
}

export async function connectGrpc(url: string): Promise<GrpcConnection> {
  const { hostname, port, host } = new URL(url);
  const socket = net.connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, "connect");
  socket.write(preface);
  const heads = new Map<string, Buffer>();
  let stream = -1;
  let pending: Call | undefined;
  let rest: Buffer = Buffer.alloc(0);

  const end = (error: Error): void => {
    pending?.reject(error);
    pending = undefined;
  };
  const take = (type: number, flags: number, payload: Buffer): void => {
    if (type === frame.settings && (flags & flag.ack) === 0) {
      socket.write(framed(frame.settings, flag.ack, 0, Buffer.alloc(0)));
    }
    if (type === frame.data) pending?.chunks.push(payload);
    if (type === frame.reset || type === frame.goAway) end(new Error("the call was cut off"));
    if (type !== frame.headers || (flags & flag.endStream) === 0 || pending === undefined) return;
    const { chunks, resolve, reject } = pending;
    pending = undefined;
    if (chunks.length === 0) reject(new Error("the call was answered with a status only"));
    else resolve(Buffer.concat(chunks).subarray(prefixBytes));
  };
  socket.on("error", end);
  socket.on("data", (chunk: Buffer) => {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (bytes.length >= frameHeadBytes) {
      const endOfFrame = frameHeadBytes + bytes.readUIntBE(0, 3);
      if (bytes.length < endOfFrame) break;
      take(bytes.readUInt8(3), bytes.readUInt8(4), bytes.subarray(frameHeadBytes, endOfFrame));
      bytes = bytes.subarray(endOfFrame);
    }
    rest = bytes;
  });
  return {
    call(path, message) {
      const head = heads.get(path) ?? framed(frame.headers, flag.endHeaders, 0, requestHeaders(host, path));
      heads.set(path, head);
      stream += 2;
      const bytes = Buffer.allocUnsafe(head.length + frameHeadBytes + prefixBytes + message.length);
      bytes.set(head);
      bytes.writeUInt32BE(stream, 5);
      let at = bytes.writeUIntBE(prefixBytes + message.length, head.length, 3);
      at = bytes.writeUInt8(frame.data, at);
      at = bytes.writeUInt8(flag.endStream, at);
      at = bytes.writeUInt32BE(stream, at);
      at = bytes.writeUInt8(0, at);
      at = bytes.writeUInt32BE(message.length, at);
      bytes.set(message, at);
      socket.write(bytes);
      return new Promise((resolve, reject) => {
        pending = { resolve, reject, chunks: [] };
      });
    },
    [Symbol.dispose]: () => socket.destroy(),
  };
}
