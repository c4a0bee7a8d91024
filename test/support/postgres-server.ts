/** A PostgreSQL of one's own: a cluster in a temporary folder, run as an ordinary user. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { postgresPrograms } from "../../.ci/postgres.mjs";
import { freePort } from "./free-port.ts";

export interface PostgresServer extends Disposable {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** One that is there from the start. */
  readonly database: string;
  /** Of a database of this name; it need not exist. */
  url(database: string): string;
  /** Makes a database, as a copy of another one where that is named, and returns its URL. */
  createDatabase(name: string, template?: string): Promise<string>;
  /** `fast` ends connections in order, `immediate` is what a crash does. */
  stop(how: "fast" | "immediate"): void;
  start(): void;
  /** The process that starts all others. */
  pid(): number;
  /** `start` or `stop` without holding up the process that calls it. Rejects when pg_ctl fails. */
  control(action: "start" | "stop", how?: "fast" | "immediate"): Promise<void>;
}

interface ServerOptions {
  /** With the default settings every commit waits for the disk, which a test that stops nothing can do without. */
  readonly durable: boolean;
}

const user = "test";

export async function startPostgres({ durable }: ServerOptions): Promise<PostgresServer> {
  const programs = postgresPrograms();
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "postgres-"));
  const data = join(folder, "data");
  // The server refuses to run as root.
  const owner = process.getuid?.() === 0 ? ordinaryUser() : undefined;
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  const run = (program: string, ...args: string[]) =>
    execFileSync(join(programs, program), args, { stdio: "ignore", cwd: folder, ...owner });
  run("initdb", "-D", data, "-A", "trust", "-U", user, "--no-sync", "--locale=C", "-E", "UTF8");
  const port = await freePort();
  const fast = durable ? [] : ["-c fsync=off", "-c synchronous_commit=off", "-c full_page_writes=off"];
  const settings = [
    `-p ${port}`,
    "-c listen_addresses=127.0.0.1",
    "-c unix_socket_directories=''",
    "-c max_connections=200",
    ...fast,
  ].join(" ");
  const startOptions = ["-w", "-l", join(folder, "log"), "-o", settings];
  const server: PostgresServer = {
    host: "127.0.0.1",
    port,
    user,
    database: "postgres",
    url: (database) => `postgres://${user}@127.0.0.1:${port}/${database}`,
    async createDatabase(name, template = "template1") {
      const client = new pg.Client(server.url("postgres"));
      await client.connect();
      try {
        await client.query(`CREATE DATABASE "${name}" TEMPLATE "${template}"`);
      } finally {
        await client.end();
      }
      return server.url(name);
    },
    stop: (how) => run("pg_ctl", "-D", data, "-m", how, "stop"),
    start: () => run("pg_ctl", "-D", data, ...startOptions, "start"),
    pid: () => Number(readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")[0]),
    async control(action, how) {
      const options = action === "start" ? startOptions : ["-m", how ?? "fast"];
      const child = spawn(join(programs, "pg_ctl"), ["-D", data, ...options, action], {
        stdio: "ignore",
        cwd: folder,
        ...owner,
      });
      const [code] = await once(child, "exit");
      if (code !== 0) throw new Error(`pg_ctl ${action} ended with ${code}`);
    },
    [Symbol.dispose]() {
      try {
        server.stop("immediate");
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
  server.start();
  return server;
}

function ordinaryUser(): { readonly uid: number; readonly gid: number } {
  const id = (option: string, name: string) =>
    Number(execFileSync("id", [option, name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  for (const name of ["postgres", "nobody"]) {
    try {
      return { uid: id("-u", name), gid: id("-g", name) };
    } catch {
      // Not every machine has both.
    }
  }
  throw new Error("PostgreSQL refuses to run as root, and there is no user to run it as");
}
