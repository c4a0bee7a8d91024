import type { DatabaseSync } from "node:sqlite";
import type { Database, Sql, SqlValue } from "../sql/statement.ts";

/** SQLite runs in this process, so a statement answers where it is called. */
export function sqliteStatements(database: DatabaseSync): Database {
  return {
    prepare<Parameters extends readonly SqlValue[], Row>(sql: Sql) {
      const statement = database.prepare(typeof sql === "string" ? sql : sql.sqlite);
      return {
        get: (...parameters: Parameters) => statement.get(...parameters) as Row | undefined,
        all: (...parameters: Parameters) => statement.all(...parameters) as Row[],
        run: (...parameters: Parameters) => void statement.run(...parameters),
        change: (...parameters: Parameters) => Number(statement.run(...parameters).changes),
      };
    },
  };
}
