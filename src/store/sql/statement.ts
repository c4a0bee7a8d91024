/**
 * Statements, as the stores' code sees them: prepared once, run at once. Both engines answer in the same
 * forms (numbers are doubles, whole up to 2^53; bytes are Uint8Array; absent is null), and most SQL is the
 * same for both. Where it is not, both forms stand next to each other.
 */
export type SqlValue = string | number | Uint8Array | null;

/** `?` are the parameters in their order, with either engine. */
export type Sql =
  | string
  | {
      readonly sqlite: string;
      readonly postgres: string;
      /**
       * The same for many rows of a table at once, where PostgreSQL would be sent one after the other: a list
       * for each parameter. `row`: which of them names the row, from 0; the others say all that is written.
       */
      readonly postgresRows?: { readonly table: string; readonly row: number; readonly sql: string };
    };

/** What statements are prepared on. */
export interface Database {
  prepare<Parameters extends readonly SqlValue[], Row = never>(sql: Sql): Statement<Parameters, Row>;
}

/** A prepared statement that knows its parameters and its rows. */
export interface Statement<Parameters extends readonly SqlValue[], Row> {
  get(...parameters: Parameters): Row | undefined;
  all(...parameters: Parameters): Row[];
  /** For what is done without asking what came of it: it need not be waited for. */
  run(...parameters: Parameters): void;
  /** Returns how many rows changed. */
  change(...parameters: Parameters): number;
}

/**
 * Prepares once what is run often: preparing costs twice what a point read costs. The row type is the
 * caller's word, kept by the columns' types and by standing next to the CREATE TABLE it describes.
 */
export function prepare<Parameters extends readonly SqlValue[], Row = never>(
  database: Database,
  sql: Sql,
): Statement<Parameters, Row> {
  return database.prepare<Parameters, Row>(sql);
}

/** For what must be there: the row of an INSERT ... RETURNING, or of an aggregate. */
export function returned<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new Error("a row is missing that must be there");
  return row;
}
