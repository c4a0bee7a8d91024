import type { DatabaseSync, SQLInputValue } from "node:sqlite";

/** A prepared statement that knows its parameters and its rows. */
export interface Statement<Parameters extends readonly SQLInputValue[], Row> {
  get(...parameters: Parameters): Row | undefined;
  all(...parameters: Parameters): Row[];
  /** Returns how many rows changed. */
  run(...parameters: Parameters): number;
}

/**
 * Prepares once what is run often: preparing costs twice what a point read costs. The row type is the
 * caller's word, kept by STRICT tables and by standing next to the CREATE TABLE it describes.
 */
export function prepare<Parameters extends readonly SQLInputValue[], Row = never>(
  database: DatabaseSync,
  sql: string,
): Statement<Parameters, Row> {
  const statement = database.prepare(sql);
  return {
    get: (...parameters) => statement.get(...parameters) as Row | undefined,
    all: (...parameters) => statement.all(...parameters) as Row[],
    run: (...parameters) => Number(statement.run(...parameters).changes),
  };
}

/** For what must be there: the row of an INSERT ... RETURNING, or of an aggregate. */
export function returned<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new Error("a row is missing that must be there");
  return row;
}
