import type { Parameter } from "./replay.ts";
import type { PreparedSql } from "./statement-text.ts";

export interface Write {
  readonly statement: PreparedSql;
  readonly values: readonly Parameter[];
}

/** A statement of them all is made in memory, with the inputs of the tasks that it inserts. */
const rowsAtOnce = 1_000;

/**
 * Writes of a transaction that nobody waits for, until something else is sent: those of one statement then go
 * as one, because what a statement costs is mostly the same for one row and for many. Writes to different
 * rows have no order among them.
 */
export class HeldWrites {
  /** By statement, then by row. */
  readonly #held = new Map<PreparedSql, Map<Parameter, readonly Parameter[]>>();
  readonly #rows = new Map<string, PreparedSql>();

  /** @returns false when it has to be sent by itself, after what `take` returns. */
  hold(statement: PreparedSql, values: readonly Parameter[]): boolean {
    if (statement.rows === undefined) return false;
    const row = values[statement.rows.row];
    if (row === undefined) return false;
    const key = `${statement.rows.table} ${row}`;
    const other = this.#rows.get(key);
    // Another statement sets other columns of the same row, so that their order matters.
    if (other !== undefined && other !== statement) return false;
    if (other === undefined && this.#rows.size >= rowsAtOnce) return false;
    this.#rows.set(key, statement);
    const ofStatement = this.#held.get(statement) ?? new Map<Parameter, readonly Parameter[]>();
    this.#held.set(statement, ofStatement.set(row, values));
    return true;
  }

  /** What was held, to be sent now. */
  take(): Write[] {
    if (this.#held.size === 0) return [];
    const writes = [...this.#held].map(([statement, byRow]) => together(statement, [...byRow.values()]));
    this.#held.clear();
    this.#rows.clear();
    return writes;
  }
}

function together(statement: PreparedSql, rows: readonly (readonly Parameter[])[]): Write {
  const [only] = rows;
  if (statement.rows === undefined || only === undefined || rows.length === 1) {
    return { statement, values: only ?? [] };
  }
  const columns = only.map((_, column) => rows.map((values) => values[column]));
  return { statement: statement.rows.statement, values: columns as Parameter[] };
}
