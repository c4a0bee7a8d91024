/** Makes archives that no build makes. */
import { zstdCompressSync } from "node:zlib";
import { type Header, pack } from "tar-stream";

export interface RawEntry extends Partial<Header> {
  readonly name: string;
  readonly content?: string | Uint8Array;
}

/** A tar of exactly these entries, in this order, with what they leave out as a build writes it. */
export async function tarOf(entries: readonly RawEntry[]): Promise<Buffer> {
  const stream = pack();
  const chunks: Uint8Array[] = [];
  const collecting = (async () => {
    for await (const chunk of stream) chunks.push(chunk as Uint8Array);
  })();
  for (const { content, ...header } of entries) {
    const whole: Partial<Header> & { name: string } = {
      mode: header.type === "symlink" ? 0o777 : 0o644,
      mtime: new Date(0),
      ...header,
    };
    if (content === undefined && header.type !== undefined && header.type !== "file") stream.entry(whole);
    else stream.entry({ type: "file", ...whole }, content ?? "");
  }
  stream.finalize();
  await collecting;
  return Buffer.concat(chunks);
}

export async function archiveOf(entries: readonly RawEntry[]): Promise<Buffer> {
  return zstdCompressSync(await tarOf(entries));
}

/** Bytes as they come over a network: in pieces of this size. */
export async function* inPieces(bytes: Uint8Array, pieceBytes = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}
