/** Reads values of a parsed TOML document by type and reports those of another one. */
import { type Flaw, quote } from "./config-rules.ts";
import { nearestName } from "./nearest-name.ts";
import type { TomlPath } from "./toml-positions.ts";

export interface ConfigProblem {
  readonly path: TomlPath;
  /** Whether the key or its value is what must change. */
  readonly at: "key" | "value";
  readonly message: string;
  readonly hint?: string;
}

export type Table = Readonly<Record<string, unknown>>;
export type Report = (path: TomlPath, flaw: Flaw, at?: ConfigProblem["at"]) => void;

export function accept<T>(value: T, path: TomlPath, flaw: Flaw | undefined, report: Report): T | undefined {
  if (flaw === undefined) return value;
  report(path, flaw);
  return undefined;
}

export function readString(table: Table, path: readonly string[], report: Report): string | undefined {
  const key = path.at(-1) ?? "";
  const value = table[key];
  if (value === undefined || typeof value === "string") return value;
  report(path, { message: `${key} is ${kindOf(value)}, not a string.`, hint: "write one string in quotes" });
  return undefined;
}

export function readStrings(
  table: Table,
  path: readonly string[],
  report: Report,
  mayBeEmpty = false,
): readonly string[] | undefined {
  const key = path.at(-1) ?? "";
  const value = table[key];
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) {
    const hint = typeof value === "string" ? `write ${key} = [${quote(value)}]` : 'write ["...", "..."]';
    report(path, { message: `${key} is ${kindOf(value)}, not an array of strings.`, hint });
    return undefined;
  }
  if (value.length === 0 && !mayBeEmpty) {
    report(path, { message: `${key} is an empty array.`, hint: "name at least one" });
    return undefined;
  }
  const strings = value.filter((element): element is string => typeof element === "string");
  if (strings.length === value.length) return strings;
  value.forEach((element: unknown, index) => {
    if (typeof element !== "string") {
      report([...path, index], { message: `${key} has ${kindOf(element)} in it; it holds strings only.` });
    }
  });
  return undefined;
}

export function checkKeys(
  table: Table,
  path: readonly string[],
  known: readonly string[],
  report: Report,
): void {
  for (const key of Object.keys(table)) {
    if (known.includes(key)) continue;
    const nearest = nearestName(key, known);
    const place = path.length === 0 ? "at the top level" : `in [${path.join(".")}]`;
    const hint = nearest === undefined ? `known here: ${known.join(", ")}` : `did you mean ${nearest}?`;
    report([...path, key], { message: `${quote(key)} is not known ${place}.`, hint }, "key");
  }
}

export function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

export function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  if (value instanceof Date) return "a date";
  if (typeof value === "object") return "a table";
  return typeof value === "string" ? "a string" : typeof value === "boolean" ? "a boolean" : "a number";
}
