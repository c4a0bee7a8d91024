import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  createFileRegistry,
  type DescEnum,
  type DescField,
  type DescFile,
  type DescMessage,
  type DescService,
  type FileRegistry,
  fromBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { pythonWithSdk } from "../support/python-sdk.ts";

const generatedFolder = new URL("../../src/api/gen/", import.meta.url);

/** Not of the public contract: error details, and what only this product's runners call. */
const own = /^(google|workflowrelease)\//;
/** Parts of the public contract that this product has no use for; anything else that is missing is a mistake. */
const leftOut = [
  /^workflows\/v1\/(automation|task_release)\.proto /,
  /^workflows\/v1\/diagram\.proto (service workflows\.v1\.DiagramService|message workflows\.v1\.RenderDiagramRequest)$/,
  /^workflows\/v1\/storage_location\.proto message workflows\.v1\.(Trigger|Create|Update|List|Notify)/,
  /^workflows\/v1\/storage_location\.proto message workflows\.v1\..*Subscription/,
  /^workflows\/v1\/storage_location\.proto enum workflows\.v1\.Storage(Subscription|Event)Type$/,
  /^opentelemetry\/.* message .*\.(LogsData|TracesData|Export(Logs|Trace)(ServiceResponse|PartialSuccess))$/,
  /^opentelemetry\/.* (enum .*Flags|service .*)$/,
  /^google\//,
];

describe("the .proto files against those of the official SDK", () => {
  let sdk: FileRegistry;
  let ours: readonly DescFile[];

  before(async () => {
    const script = fileURLToPath(new URL("descriptor-set.py", import.meta.url));
    const { stdout } = await promisify(execFile)(await pythonWithSdk(), [script], {
      encoding: "buffer",
      maxBuffer: 16 * 1024 * 1024,
    });
    sdk = createFileRegistry(fromBinary(FileDescriptorSetSchema, new Uint8Array(stdout)));
    ours = await loadGenerated();
  });

  it("define each message, enum and service alike, field by field", () => {
    const compared = { messages: 0, enums: 0, services: 0 };
    for (const file of ours.filter(({ proto }) => !own.test(proto.name))) {
      for (const message of withNested(file)) {
        const theirs = sdk.getMessage(message.typeName);
        assert.deepEqual(describeMessage(message), theirs && describeMessage(theirs), message.typeName);
        compared.messages++;
      }
      for (const type of enumsOf(file)) {
        const theirs = sdk.getEnum(type.typeName);
        assert.deepEqual(describeEnum(type), theirs && describeEnum(theirs), type.typeName);
        compared.enums++;
      }
      for (const service of file.services) {
        const theirs = sdk.getService(service.typeName);
        assert.ok(theirs, service.typeName);
        const methods = describeService(theirs);
        const expected =
          service.name === "StorageLocationService" ? methods.filter(isStorageListing) : methods;
        assert.deepEqual(describeService(service), expected, service.typeName);
        compared.services++;
      }
    }
    assert.ok(
      compared.messages >= 110 && compared.enums >= 9 && compared.services === 6,
      JSON.stringify(compared),
    );
  });

  it("leave out only what is not needed", () => {
    const here = new Set(ours.flatMap(partsOf));
    const missing = [...sdk.files].flatMap(partsOf).filter((part) => !here.has(part));
    assert.deepEqual(
      missing.filter((part) => !leftOut.some((pattern) => pattern.test(part))),
      [],
    );
  });

  it("are edition 2023", () => {
    for (const file of ours) assert.equal(file.edition, 1000, file.proto.name);
  });
});

async function loadGenerated(): Promise<readonly DescFile[]> {
  const names = await readdir(generatedFolder, { recursive: true });
  const files: DescFile[] = [];
  for (const name of names.filter((path) => path.endsWith("_pb.ts"))) {
    const module: Record<string, unknown> = await import(
      new URL(name.replaceAll("\\", "/"), generatedFolder).href
    );
    for (const [key, value] of Object.entries(module))
      if (key.startsWith("file_")) files.push(value as DescFile);
  }
  return files;
}

function partsOf(file: DescFile): string[] {
  const name = `${file.proto.name}.proto`.replace(/\.proto\.proto$/, ".proto");
  return [
    ...withNested(file).map(({ typeName }) => `${name} message ${typeName}`),
    ...enumsOf(file).map(({ typeName }) => `${name} enum ${typeName}`),
    ...file.services.map(({ typeName }) => `${name} service ${typeName}`),
  ];
}

function withNested({ messages }: { readonly messages: readonly DescMessage[] }): DescMessage[] {
  return messages.flatMap((message) => [message, ...withNested({ messages: message.nestedMessages })]);
}

function enumsOf(file: DescFile): DescEnum[] {
  return [...file.enums, ...withNested(file).flatMap(({ nestedEnums }) => nestedEnums)];
}

function describeMessage(message: DescMessage) {
  return {
    fields: message.fields.map(describeField).sort((a, b) => a.number - b.number),
    oneofs: message.oneofs.map((oneof) => [oneof.name, oneof.fields.map(({ name }) => name)]),
  };
}

function describeField(field: DescField) {
  return {
    number: field.number,
    name: field.name,
    kind: field.fieldKind,
    scalar: field.scalar,
    list: field.fieldKind === "list" ? [field.listKind, field.packed] : undefined,
    type: field.message?.typeName ?? field.enum?.typeName,
    presence: field.presence,
    oneof: field.oneof?.name,
    delimited: "delimitedEncoding" in field && field.delimitedEncoding,
  };
}

function describeEnum(type: DescEnum) {
  return { open: type.open, values: type.values.map(({ name, number }) => [name, number]) };
}

function describeService(service: DescService) {
  return service.methods.map(({ name, input, output, methodKind, idempotency }) => ({
    name,
    input: input.typeName,
    output: output.typeName,
    methodKind,
    idempotency,
  }));
}

function isStorageListing({ name }: { readonly name: string }): boolean {
  return name === "ListStorageLocations";
}
