import { readFile } from "node:fs/promises";
import { create, type DescMessage, fromBinary, type Message } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { FileDescriptorProtoSchema, file_google_protobuf_descriptor } from "@bufbuild/protobuf/wkt";
import type { Plugin } from "esbuild";

/**
 * Generated code holds the descriptor of its .proto file in base64. Reading that costs a run more than the call that
 * it is for: the descriptor of descriptors has to be made first, then each file's is decoded field by field, all by
 * code that runs once. In a bundle they stand decoded, as object literals, and the library's own code goes on from
 * there.
 */
export const embeddedDescriptors: Plugin = {
  name: "embedded-descriptors",
  setup(builder) {
    builder.onLoad({ filter: /_pb\.(?:ts|js)$/ }, async ({ path }) => ({
      contents: embedDescriptors(await readFile(path, "utf8")),
      loader: path.endsWith(".ts") ? "ts" : "js",
    }));
    builder.onLoad({ filter: /protobuf[\\/]dist[\\/]esm[\\/]codegenv2[\\/]file\.js$/ }, async ({ path }) => ({
      contents: hydratingModule(await readFile(path, "utf8")),
      loader: "js",
    }));
  },
};

/** Replaces the base64 of generated code. */
export function embedDescriptors(source: string): string {
  return source.replace(/\bfileDesc\(\s*"([\w+/=-]+)"/g, (_whole, base64: string) => {
    const file = fromBinary(FileDescriptorProtoSchema, base64Decode(base64));
    return `fileDesc(${JSON.stringify(dehydrate(file))}`;
  });
}

/** The library's module, with `fileDesc` taking what `dehydrate` gives. */
export function hydratingModule(source: string): string {
  const decoding = "fromBinary(FileDescriptorProtoSchema, base64Decode(b64))";
  const imports = /^import \{ (?:base64Decode|FileDescriptorProtoSchema|fromBinary) \} from .*\n/gm;
  if (!source.includes(decoding) || source.match(imports)?.length !== 3) {
    throw new Error(
      "@bufbuild/protobuf no longer decodes descriptors as .ci/embedded-descriptors.ts expects",
    );
  }
  return `${source.replace(imports, "").replace(decoding, "hydrate(b64)")}
const types = ${JSON.stringify(types.map(({ typeName, defaults, lists }) => [typeName, defaults, lists]))};
function hydrate(value) {
  if (typeof value !== "object") return value;
  const [typeName, defaults, lists] = types[value.$];
  const message = Object.create(defaults);
  message.$typeName = typeName;
  for (const name of lists) message[name] = [];
  for (const name in value) {
    const field = value[name];
    if (name !== "$") message[name] = Array.isArray(field) ? field.map(hydrate) : hydrate(field);
  }
  return message;
}
`;
}

interface DescriptorType {
  readonly typeName: string;
  /** What a field that is not set reads as: the message's prototype. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** Fields that every message has, empty or not. */
  readonly lists: readonly string[];
}

const types: readonly DescriptorType[] = allMessages(file_google_protobuf_descriptor.messages)
  // It holds bytes and 64-bit numbers, which JSON has not, and no compiler leaves one behind.
  .filter(({ name }) => name !== "UninterpretedOption")
  .map((schema) => {
    const { $typeName, ...lists } = create(schema) as Message & Record<string, unknown>;
    for (const [name, value] of Object.entries(lists)) {
      if (!Array.isArray(value)) throw new Error(`${schema.typeName} always has ${name}, which is no list`);
    }
    const defaults = { ...Object.getPrototypeOf(create(schema)) };
    return { typeName: $typeName, defaults, lists: Object.keys(lists) };
  });

function allMessages(messages: readonly DescMessage[]): DescMessage[] {
  return messages.flatMap((message) => [message, ...allMessages(message.nestedMessages)]);
}

/** A message with its type as a number, without the lists that are empty. */
function dehydrate(value: unknown): unknown {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  const { $typeName, ...fields } = value as Message & Record<string, unknown>;
  const type = types.findIndex(({ typeName }) => typeName === $typeName);
  if (type === -1 || "$unknown" in fields) throw new Error(`${$typeName} cannot be embedded in a bundle`);
  const set = Object.entries(fields)
    .filter(([, field]) => !(Array.isArray(field) && field.length === 0))
    .map(([name, field]) => [name, Array.isArray(field) ? field.map(dehydrate) : dehydrate(field)]);
  return { $: type, ...Object.fromEntries(set) };
}
