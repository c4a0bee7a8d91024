/** Finds lines and columns of what smol-toml has parsed without them. Loaded only when there is something to report. */
import { type AST, parseTOML } from "toml-eslint-parser";

/** Keys and array indexes from the top of the document, as in `["build", "include", 0]`. */
export type TomlPath = readonly (string | number)[];

export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
}

export interface TomlPositions {
  /** Where a key is written, or the header of a table; for an element of an array, the element. */
  key(path: TomlPath): Position | undefined;
  /** Where a value begins; for a table, its header. */
  value(path: TomlPath): Position | undefined;
}

/** @param text A document that smol-toml accepts; one that this parser refuses gives no positions. */
export function tomlPositions(text: string): TomlPositions {
  const keys = new Map<string, Position>();
  const values = new Map<string, Position>();
  try {
    collect(parseTOML(text), keys, values);
  } catch {
    // The two parsers may disagree about an edge of TOML; a problem without a line is still a problem told.
  }
  return {
    key: (path) => keys.get(JSON.stringify(path)),
    value: (path) => values.get(JSON.stringify(path)) ?? keys.get(JSON.stringify(path)),
  };
}

function collect(program: AST.TOMLProgram, keys: Map<string, Position>, values: Map<string, Position>): void {
  const remember = (map: Map<string, Position>, path: TomlPath, node: AST.TOMLNode) => {
    const name = JSON.stringify(path);
    const { line, column } = node.loc.start;
    if (!map.has(name)) map.set(name, { line, column: column + 1 });
  };
  const visitKeyValue = (base: TomlPath, node: AST.TOMLKeyValue) => {
    let path = base;
    for (const part of node.key.keys) {
      path = [...path, part.type === "TOMLBare" ? part.name : part.value];
      remember(keys, path, part);
    }
    visitValue(path, node.value);
  };
  const visitValue = (path: TomlPath, node: AST.TOMLContentNode) => {
    remember(values, path, node);
    if (node.type === "TOMLArray") {
      node.elements.forEach((element, index) => {
        remember(keys, [...path, index], element);
        visitValue([...path, index], element);
      });
    } else if (node.type === "TOMLInlineTable") {
      for (const entry of node.body) visitKeyValue(path, entry);
    }
  };
  for (const node of program.body[0].body) {
    if (node.type === "TOMLKeyValue") {
      visitKeyValue([], node);
      continue;
    }
    for (let depth = 1; depth <= node.resolvedKey.length; depth++) {
      remember(keys, node.resolvedKey.slice(0, depth), node);
    }
    for (const entry of node.body) visitKeyValue(node.resolvedKey, entry);
  }
}
