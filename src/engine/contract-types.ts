/**
 * Types of task inputs as text, and when one reads what another wrote.
 *
 * A type is alternatives in any order, separated by ` | `; an alternative is a literal (`"fast"`, `3`, `None`) or a
 * name with arguments (`list[int]`, `tuple[int, ...]`, `tiles.Area`). Enumerations are their values. Names of records
 * (dataclasses, typed dictionaries) are looked up and compared by their fields, since only these are in the JSON.
 */
import type { ContractField } from "./contract.ts";

/** The fields of a record; undefined for the name of any other type. */
export type RecordFields = (name: string) => readonly ContractField[] | undefined;

interface Alternative {
  readonly kind: "literal" | "name";
  readonly text: string;
  readonly args: readonly Type[];
}

type Type = readonly Alternative[];

/** What was written by one build and is read by another. */
export interface Exchange {
  readonly written: RecordFields;
  readonly read: RecordFields;
}

/** Why a value of the written type may not be read as the other; undefined when every one can. Pure and total. */
export function typeObstacle(written: string, read: string, exchange: Exchange): string | undefined {
  const [before, after] = [parseType(written), parseType(read)];
  if (before === undefined || after === undefined) {
    return written === read ? undefined : `its type was ${written} and is ${read}`;
  }
  return new TypeComparison(exchange).obstacle(before, after);
}

/** Fields of JSON objects: each is found by its name, and what is not there has its default. */
export function missingFields(written: readonly ContractField[], read: readonly ContractField[]) {
  const names = (fields: readonly ContractField[]) => new Set(fields.map(({ name }) => name));
  const [before, after] = [names(written), names(read)];
  return {
    removed: written.filter(({ name }) => !after.has(name)),
    added: read.filter(({ name }) => !before.has(name)),
  };
}

/** msgspec, which SDKs decode with, reads each of them from a JSON array. */
const arrays = new Set(["list", "set", "frozenset", "collections.abc.Sequence"]);

class TypeComparison {
  readonly #exchange: Exchange;
  /** Pairs of records under comparison: a type that holds itself is the same as long as nothing else differs. */
  readonly #assumed = new Set<string>();

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  obstacle(written: Type, read: Type): string | undefined {
    for (const alternative of written) {
      const reasons = read.map((candidate) => this.#alternativeObstacle(alternative, candidate));
      if (reasons.includes(undefined)) continue;
      const [only] = reasons;
      const specific = reasons.length === 1 && written.length === 1 ? only : undefined;
      return specific ?? `its type was ${typeText(written)} and is ${typeText(read)}`;
    }
    return undefined;
  }

  #alternativeObstacle(written: Alternative, read: Alternative): string | undefined {
    if (read.kind === "name" && read.text === "Any") return undefined;
    const differs = `its type was ${typeText([written])} and is ${typeText([read])}`;
    if (written.kind === "literal" || read.kind === "literal") {
      return written.text === read.text || readsLiteral(read, written) ? undefined : differs;
    }
    if (written.text === "int" && read.text === "float") return undefined;
    const records = this.#recordObstacle(written, read);
    if (records.compared) return records.obstacle;
    if (written.text !== read.text && !(isArray(written) && isArray(read))) return differs;
    return this.#argumentObstacle(elements(written), elements(read), differs);
  }

  #argumentObstacle(written: readonly Type[], read: readonly Type[], differs: string): string | undefined {
    // Without arguments anything is read.
    if (read.length === 0) return undefined;
    if (written.length !== read.length) return differs;
    for (const [index, argument] of written.entries()) {
      const obstacle = this.obstacle(argument, read[index] ?? []);
      if (obstacle !== undefined) return differs;
    }
    return undefined;
  }

  #recordObstacle(written: Alternative, read: Alternative): { compared: boolean; obstacle?: string } {
    const before = this.#exchange.written(written.text);
    const after = this.#exchange.read(read.text);
    if (before === undefined || after === undefined) return { compared: false };
    const pair = JSON.stringify([written.text, read.text]);
    if (this.#assumed.has(pair)) return { compared: true };
    this.#assumed.add(pair);
    const obstacle =
      this.#fieldObstacle(before, after, read.text) ??
      this.#argumentObstacle(written.args, read.args, `the arguments of ${read.text} differ`);
    return obstacle === undefined ? { compared: true } : { compared: true, obstacle };
  }

  #fieldObstacle(
    written: readonly ContractField[],
    read: readonly ContractField[],
    record: string,
  ): string | undefined {
    const { removed, added } = missingFields(written, read);
    if (removed[0] !== undefined) return `${record} has no field ${removed[0].name} any more`;
    const required = added.find((field) => field.required);
    if (required !== undefined) return `${record} has a new field ${required.name} without a default`;
    for (const field of written) {
      const after = read.find(({ name }) => name === field.name);
      const types = [parseType(field.type), parseType(after?.type ?? "")] as const;
      if (after === undefined || field.unread !== undefined || after.unread !== undefined) continue;
      if (types[0] === undefined || types[1] === undefined) continue;
      const obstacle = this.obstacle(types[0], types[1]);
      if (obstacle !== undefined) return `in ${record}, field ${field.name}: ${obstacle}`;
    }
    return undefined;
  }
}

function readsLiteral(read: Alternative, written: Alternative): boolean {
  if (read.kind === "literal") return false;
  if (written.text.startsWith('"')) return read.text === "str";
  if (written.text === "True" || written.text === "False") return read.text === "bool";
  return written.text !== "None" && (read.text === "int" || read.text === "float");
}

function isArray({ text, args }: Alternative): boolean {
  return arrays.has(text) || (text === "tuple" && (args.length === 0 || isEndless(args)));
}

function isEndless(args: readonly Type[]): boolean {
  return args.length === 2 && args[1]?.[0]?.text === "...";
}

function elements({ text, args }: Alternative): readonly Type[] {
  return text === "tuple" && isEndless(args) ? args.slice(0, 1) : args;
}

function typeText(type: Type): string {
  return type
    .map(({ text, args }) => (args.length === 0 ? text : `${text}[${args.map(typeText).join(", ")}]`))
    .join(" | ");
}

/** What the Python program nests at most, and a little more. */
const maxDepth = 40;

const token = /"(?:[^"\\]|\\.)*"|\.\.\.|-?[\p{L}\p{N}_][\p{L}\p{N}_.]*|[[\],|]/u;

/** Undefined for text that is no type. */
function parseType(text: string): Type | undefined {
  const tokens: string[] = [];
  for (let rest = text; rest !== ""; ) {
    const found = token.exec(rest);
    if (found === null || rest.slice(0, found.index).trim() !== "") return undefined;
    tokens.push(found[0]);
    rest = rest.slice(found.index + found[0].length).trimStart();
  }
  const reader = { tokens, at: 0 };
  const type = readType(reader, 0);
  return reader.at === tokens.length ? type : undefined;
}

interface TokenReader {
  readonly tokens: readonly string[];
  at: number;
}

function readType(reader: TokenReader, depth: number): Type | undefined {
  const alternatives: Alternative[] = [];
  do {
    const alternative = readAlternative(reader, depth);
    if (alternative === undefined) return undefined;
    alternatives.push(alternative);
  } while (take(reader, "|"));
  return alternatives;
}

function readAlternative(reader: TokenReader, depth: number): Alternative | undefined {
  if (depth > maxDepth) return undefined;
  // A list of arguments, as in Callable[[int], str].
  if (reader.tokens[reader.at] === "[") return withArguments(reader, "", depth);
  const text = reader.tokens[reader.at++];
  if (text === undefined || "],|".includes(text)) return undefined;
  if (/^["\d-]/.test(text) || ["None", "True", "False"].includes(text)) {
    return { kind: "literal", text, args: [] };
  }
  return withArguments(reader, text, depth);
}

function withArguments(reader: TokenReader, text: string, depth: number): Alternative | undefined {
  const args: Type[] = [];
  if (!take(reader, "[")) return { kind: "name", text, args };
  if (take(reader, "]")) return { kind: "name", text, args };
  do {
    const argument = readType(reader, depth + 1);
    if (argument === undefined) return undefined;
    args.push(argument);
  } while (take(reader, ","));
  return take(reader, "]") ? { kind: "name", text, args } : undefined;
}

function take(reader: TokenReader, wanted: string): boolean {
  if (reader.tokens[reader.at] !== wanted) return false;
  reader.at++;
  return true;
}
