import { readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Metafile } from "esbuild";

/** Sources that are loaded together, with all that they import at once. */
export interface Group {
  readonly name: string;
  /** As esbuild names entry points: from the folder that it works in. */
  readonly sources: readonly string[];
}

/**
 * Puts chunks that are loaded together into one file. To find, read and compile a file costs Node a third of a
 * millisecond, and a run that has nothing to do loads some seventy chunks, most of 1 or 2 KB. Packed, a chunk is still
 * a module that runs when it is first required. A chunk of several groups goes into a file of just those, so that no
 * run parses what it does not use, unless the file would be so small that to find it costs more than to parse it in vain.
 *
 * @param workingFolder What the paths of the metafile are relative to.
 * @param outputFolder Holds the entry points, and all other chunks in `chunks`; everything in it is CommonJS.
 */
export async function packChunks(
  { outputs }: Metafile,
  workingFolder: string,
  outputFolder: string,
  groups: readonly Group[],
): Promise<void> {
  const groupsOf = new Map<string, string[]>();
  for (const { name, sources } of groups) {
    const chunks = new Set(sources.flatMap((source) => withImports(chunkOf(source, outputs), outputs)));
    for (const chunk of chunks) groupsOf.set(chunk, [...(groupsOf.get(chunk) ?? []), name]);
  }
  const packOf = joinSmall(groupsOf, outputs);
  const packOfName = new Map([...packOf].map(([chunk, pack]) => [basename(chunk), pack]));
  const packs = new Map<string, string[]>([...packOf.values()].map((pack) => [pack, []]));
  for (const chunk of Object.keys(outputs).sort()) {
    if (!chunk.endsWith(".js")) continue;
    const path = resolve(workingFolder, chunk);
    const isEntry = dirname(path) === outputFolder;
    const folder = isEntry ? "./chunks/" : "./";
    const text = await readFile(path, "utf8");
    const pack = packOf.get(chunk);
    if (pack === undefined) {
      await writeFile(path, withPacks(text, packOfName, folder, undefined));
      continue;
    }
    const [hashbang = ""] = /^#!.*\n/.exec(text) ?? [];
    const key = JSON.stringify(basename(path));
    const code = withPacks(text.slice(hashbang.length), packOfName, "./", pack);
    // In parentheses, because V8 would parse it twice otherwise: to find its end, and to run it.
    packs.get(pack)?.push(`${key}:(function(module,exports){${code}})`);
    if (isEntry) await writeFile(path, `${hashbang}require("${folder}${pack}.js")(${key});\n`);
    else await rm(path);
  }
  for (const [name, members] of packs) {
    await writeFile(join(outputFolder, "chunks", `${name}.js`), packText(members));
  }
}

/** Some 5 KB are parsed in the time that finding a file takes; most of those that join are loaded by the others too. */
const smallestPackBytes = 10_000;

/** The pack of each chunk. A small one becomes part of the one that has its groups and the fewest others. */
function joinSmall(
  groupsOf: ReadonlyMap<string, readonly string[]>,
  outputs: Metafile["outputs"],
): ReadonlyMap<string, string> {
  const packs = new Map<string, { readonly groups: ReadonlySet<string>; readonly chunks: string[] }>();
  for (const [chunk, groups] of groupsOf) {
    const name = groups.join("-");
    const { chunks } = packs.get(name) ?? { chunks: [] };
    packs.set(name, { groups: new Set(groups), chunks: [...chunks, chunk] });
  }
  const bytesOf = (chunks: readonly string[]) =>
    chunks.reduce((sum, chunk) => sum + (outputs[chunk]?.bytes ?? 0), 0);
  const fewestFirst = [...packs].sort(([, a], [, b]) => a.groups.size - b.groups.size);
  for (const [index, [name, { groups, chunks }]] of fewestFirst.entries()) {
    const wider = fewestFirst.slice(index + 1).find(([, other]) => groups.isSubsetOf(other.groups));
    if (wider === undefined || bytesOf(chunks) >= smallestPackBytes) continue;
    wider[1].chunks.push(...chunks);
    packs.delete(name);
  }
  return new Map([...packs].flatMap(([name, { chunks }]) => chunks.map((chunk) => [chunk, name] as const)));
}

/** Has a chunk take packed ones from their packs. It is esbuild's own text, so each require looks the same. */
function withPacks(
  text: string,
  packOf: ReadonlyMap<string, string>,
  folder: string,
  own: string | undefined,
): string {
  return text.replace(/\brequire\("\.\/(?:chunks\/)?([^"/]+)"\)/g, (_whole, name: string) => {
    const pack = packOf.get(name);
    if (pack === undefined) return `require("${folder}${name}")`;
    return pack === own ? `packed("${name}")` : `require("${folder}${pack}.js")("${name}")`;
  });
}

/** A function that gives a packed module by its name. */
function packText(members: readonly string[]): string {
  return `const modules={${members.join(",\n")}};
const loaded=new Map();
const packed=(name)=>{
let module=loaded.get(name);
if(module===undefined){
module={exports:{}};
loaded.set(name,module);
modules[name](module,module.exports);
}
return module.exports;
};
module.exports=packed;
`;
}

function chunkOf(source: string, outputs: Metafile["outputs"]): string {
  const chunk = Object.keys(outputs).find((path) => outputs[path]?.entryPoint === source);
  if (chunk === undefined) throw new Error(`No chunk begins with ${source}, which a pack names`);
  return chunk;
}

function withImports(chunk: string, outputs: Metafile["outputs"]): readonly string[] {
  const found = new Set([chunk]);
  for (const path of found) {
    for (const { kind, path: imported, external } of outputs[path]?.imports ?? []) {
      if (kind === "import-statement" && external !== true) found.add(imported);
    }
  }
  return [...found];
}
