import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { DescFile } from "@bufbuild/protobuf";
import { build } from "esbuild";
import { embeddedDescriptors } from "../../.ci/embedded-descriptors.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";

const generated = fileURLToPath(new URL("../../src/api/gen/", import.meta.url));
const names = readdirSync(generated, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith("_pb.ts"),
);

describe("descriptors in the bundle", () => {
  it("are those of the generated code", async () => {
    await using folder = await createScratchFolder();
    await build({
      entryPoints: names.map((name) => join(generated, name)),
      outbase: generated,
      outdir: folder.path,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      plugins: [embeddedDescriptors],
      logLevel: "silent",
    });
    for (const name of names) {
      const embedded = await fileIn(join(folder.path, name.replace(/\.ts$/, ".mjs")));
      assert.deepEqual(plain(embedded), plain(await fileIn(join(generated, name))), name);
    }
  });
});

async function fileIn(path: string): Promise<DescFile> {
  const exported: Record<string, unknown> = await import(pathToFileURL(path).href);
  const file = Object.entries(exported).find(([name]) => name.startsWith("file_"))?.[1];
  assert.ok(file, `${path} exports a file`);
  return file as DescFile;
}

/** Everything that can be reached from a descriptor, without the two classes that it is made of. */
function plain(value: unknown, seen = new Map<unknown, number>()): unknown {
  if (typeof value === "function") return undefined;
  if (typeof value !== "object" || value === null) return value;
  const before = seen.get(value);
  if (before !== undefined) return { seen: before };
  seen.set(value, seen.size);
  if (value instanceof Map) return [...value].map((entry) => plain(entry, seen));
  if (Array.isArray(value)) return value.map((item) => plain(item, seen));
  // What is not set is read from the prototype.
  const own = Object.keys(value).sort();
  const inherited: string[] = [];
  for (const name in value) if (!Object.hasOwn(value, name)) inherited.push(name);
  const read = (name: string) => [name, plain((value as Record<string, unknown>)[name], seen)];
  return { own: own.map(read), inherited: inherited.sort().map(read) };
}
