/** Looks for a secret in everything a run leaves behind, in each form in which it could have been written. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";

/** The places, by name, that hold the secret in one form or another; none is what a test wants. */
export function placesWithSecret(
  secret: string,
  places: Readonly<Record<string, string | Uint8Array>>,
): string[] {
  const forms = formsOf(secret);
  return Object.entries(places).flatMap(([place, content]) => {
    const bytes = Buffer.from(content);
    return [...forms].filter(([, form]) => bytes.includes(form)).map(([name]) => `${place}: ${name}`);
  });
}

/** Every file below a folder, as places; what zstd packed also unpacked. */
export async function filesBelow(folder: string): Promise<Record<string, Uint8Array>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const places: Record<string, Uint8Array> = {};
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    places[path] = await readFile(path);
    if (path.endsWith(".zst")) places[`${path} (unpacked)`] = zstdDecompressSync(places[path]);
  }
  return places;
}

function formsOf(secret: string): Map<string, Buffer> {
  const bytes = Buffer.from(secret);
  const forms = new Map<string, Buffer>([
    ["as it is", bytes],
    ["UTF-16", Buffer.from(secret, "utf16le")],
    ["reversed", Buffer.from([...secret].reverse().join(""))],
    ["hex", Buffer.from(bytes.toString("hex"))],
    ["HEX", Buffer.from(bytes.toString("hex").toUpperCase())],
    ["percent", Buffer.from([...bytes].map((byte) => `%${byte.toString(16)}`).join(""))],
    [
      "JSON escapes",
      Buffer.from([...secret].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")),
    ],
  ]);
  // Base64 of a text that holds the secret shows one of three forms, by where the secret begins; the
  // characters at both ends mix with its neighbours and are left out.
  for (const before of [0, 1, 2]) {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]);
    const inner = padded.toString("base64url").slice(before === 0 ? 0 : before + 1, -2);
    forms.set(`base64url at ${before}`, Buffer.from(inner));
    forms.set(`base64 at ${before}`, Buffer.from(inner.replaceAll("-", "+").replaceAll("_", "/")));
  }
  return forms;
}
