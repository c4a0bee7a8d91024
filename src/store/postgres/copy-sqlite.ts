import { createHash, type Hash } from "node:crypto";
import { join, resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import pg from "pg";
import type { Clock } from "../../engine/id.ts";
import { SystemError, UserError } from "../../errors.ts";
import { migrations } from "../sql/schema.ts";
import { databaseFile, lockFile, openDatabase } from "../sqlite/database.ts";
import { dataFolderBusy, tryLock } from "../sqlite/lock.ts";
import { migrate as migrateSqlite } from "../sqlite/migrate.ts";
import { connectionOptions, toParameter } from "./connection.ts";
import { databaseName } from "./database-name.ts";
import { toStoreError } from "./failure.ts";
import { migrate as migratePostgres } from "./migrate.ts";

export interface CopiedTable {
  readonly name: string;
  readonly rows: number;
  /** Of the rows as they were read from either side, in the order of the primary key. */
  readonly sha256: string;
}

interface CopyOptions {
  readonly dataFolder: string;
  readonly url: string;
  readonly clock: Clock;
}

type Value = string | number | bigint | Uint8Array | null;
type Row = Readonly<Record<string, Value>>;

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly key: readonly string[];
  /** The column that PostgreSQL numbers by itself. */
  readonly numbered: string | undefined;
  readonly refersTo: readonly string[];
}

/**
 * Copies what a data folder's database holds into an empty PostgreSQL database, reads it back and compares,
 * all in one transaction: it is there whole or not at all. The folder stays as it is; no control plane may
 * use it meanwhile. Throws store-busy, store-newer, store-failed; request-invalid for a database with data.
 */
export async function copySqliteToPostgres(options: CopyOptions): Promise<readonly CopiedTable[]> {
  const dataFolder = resolve(options.dataFolder);
  const where = databaseName(options.url);
  using lock = tryLock(join(dataFolder, lockFile), 0);
  if (lock === undefined) throw dataFolderBusy(dataFolder);
  using source = openDatabase(join(dataFolder, databaseFile));
  migrateSqlite(source, { migrations, clock: options.clock });
  const client = new pg.Client(connectionOptions(options.url));
  client.on("error", () => {});
  try {
    await client.connect();
    await migratePostgres(client, { migrations, clock: options.clock });
    return await copyAll(source, client, where);
  } catch (error) {
    throw toStoreError(error, where);
  } finally {
    await client.end().catch(() => {});
  }
}

async function copyAll(source: DatabaseSync, target: pg.Client, where: string): Promise<CopiedTable[]> {
  const tables = inOrder(readTables(source));
  await target.query("BEGIN");
  try {
    await requireEmpty(target, tables, where);
    const copied: CopiedTable[] = [];
    for (const table of tables) copied.push(await copyTable(source, target, table));
    for (const [index, table] of tables.entries()) await verify(target, table, copied[index]);
    await target.query("SELECT setval('task_sequences', (SELECT coalesce(max(sequence), 0) + 1 FROM tasks))");
    await target.query("COMMIT");
    return copied;
  } catch (error) {
    await target.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

function readTables(source: DatabaseSync): Table[] {
  const names = source
    .prepare(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'migrations'
       ORDER BY name`,
    )
    .all();
  return names.map((row) => {
    const name = String(row.name);
    const columns = source.prepare(`PRAGMA table_info(${name})`).all();
    const keyed = columns.filter(({ pk }) => Number(pk) > 0).toSorted((a, b) => Number(a.pk) - Number(b.pk));
    const key = keyed.map((column) => String(column.name));
    const [only] = keyed;
    return {
      name,
      columns: columns.map((column) => String(column.name)),
      key,
      numbered: keyed.length === 1 && only?.type === "INTEGER" ? String(only.name) : undefined,
      refersTo: source
        .prepare(`PRAGMA foreign_key_list(${name})`)
        .all()
        .map((reference) => String(reference.table)),
    };
  });
}

/** Every table after those that it refers to. */
function inOrder(tables: readonly Table[]): Table[] {
  const ordered: Table[] = [];
  const names = new Set<string>();
  const left = new Set(tables);
  while (left.size > 0) {
    const next = [...left].find(({ refersTo }) => refersTo.every((name) => names.has(name)));
    if (next === undefined) throw new Error("tables refer to each other in a circle");
    left.delete(next);
    names.add(next.name);
    ordered.push(next);
  }
  return ordered;
}

async function requireEmpty(target: pg.Client, tables: readonly Table[], where: string): Promise<void> {
  for (const { name } of tables) {
    const { rows } = await target.query(`SELECT 1 FROM ${name} LIMIT 1`);
    if (rows.length === 0) continue;
    throw new UserError("request-invalid", `The database ${where} has rows in "${name}" already`, {
      next: "Name a database that no control plane has used yet.",
    });
  }
}

/** PostgreSQL takes up to 65,535 parameters a statement. */
const parametersAtOnce = 30_000;

async function copyTable(source: DatabaseSync, target: pg.Client, table: Table): Promise<CopiedTable> {
  const { name, columns, key, numbered } = table;
  const hash = createHash("sha256");
  let rows = 0;
  let batch: Row[] = [];
  const insert = async () => {
    if (batch.length === 0) return;
    let parameter = 0;
    const places = batch.map(() => `(${columns.map(() => `$${++parameter}`).join(", ")})`);
    const values = batch.flatMap((row) => columns.map((column) => stored(row[column] ?? null)));
    await target.query(`INSERT INTO ${name} (${columns.join(", ")}) VALUES ${places.join(", ")}`, values);
    batch = [];
  };
  const all = source.prepare(`SELECT ${columns.join(", ")} FROM ${name} ORDER BY ${key.join(", ")}`);
  for (const row of all.iterate() as Iterable<Row>) {
    addTo(hash, columns, row);
    rows++;
    if (batch.push(row) * columns.length >= parametersAtOnce) await insert();
  }
  await insert();
  if (numbered !== undefined && rows > 0 && name !== "tasks") {
    const last = `(SELECT max(${numbered}) FROM ${name})`;
    await target.query(`SELECT setval(pg_get_serial_sequence('${name}', '${numbered}'), ${last})`);
  }
  return { name, rows, sha256: hash.digest("hex") };
}

const rowsAtOnce = 2_000;

async function verify(target: pg.Client, table: Table, copied: CopiedTable | undefined): Promise<void> {
  const { name, columns, key } = table;
  const hash = createHash("sha256");
  let count = 0;
  const select = `SELECT ${columns.join(", ")} FROM ${name} ORDER BY ${key.join(", ")}`;
  await target.query(`DECLARE written NO SCROLL CURSOR FOR ${select}`);
  for (;;) {
    const { rows } = await target.query<Row>(`FETCH ${rowsAtOnce} FROM written`);
    for (const row of rows) addTo(hash, columns, row);
    count += rows.length;
    if (rows.length < rowsAtOnce) break;
  }
  await target.query("CLOSE written");
  if (count === copied?.rows && hash.digest("hex") === copied.sha256) return;
  throw new SystemError("store-failed", `The table "${name}" does not read as it was written`);
}

function stored(value: Value): unknown {
  return typeof value === "bigint" ? Number(value) : toParameter(value);
}

/** The same bytes for the same values, whichever engine gave them, and other bytes for others. */
function addTo(hash: Hash, columns: readonly string[], row: Row): void {
  for (const column of columns) {
    const value = stored(row[column] ?? null);
    if (value === null) hash.update("n;");
    else if (value instanceof Uint8Array) hash.update(`b${value.length}:`).update(value);
    else hash.update(`${typeof value}${Buffer.byteLength(String(value))}:${value};`);
  }
}
