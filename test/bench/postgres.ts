/** A PostgreSQL of one's own for a measurement, with its default settings: every commit waits for the disk. */
import { execFileSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

export interface Postgres extends Disposable {
  /** Holds the socket; also the name of the host for clients. */
  readonly host: string;
  readonly user: string;
  readonly database: string;
}

/** Undefined where no PostgreSQL server is installed. */
export function startPostgres(): Postgres | undefined {
  const binaries = findBinaries();
  if (binaries === undefined) return undefined;
  const host = mkdtempSync(join(tmpdir(), "bench-postgres-"));
  const data = join(host, "data");
  // The server refuses to run as root.
  const owner = process.getuid?.() === 0 ? postgresUser() : undefined;
  if (owner !== undefined) chownSync(host, owner.uid, owner.gid);
  const run = (program: string, ...args: string[]) =>
    execFileSync(join(binaries, program), args, {
      stdio: "ignore",
      ...(owner === undefined ? {} : { uid: owner.uid, gid: owner.gid }),
    });
  run("initdb", "-D", data, "-A", "trust", "-U", "bench", "--locale=C", "-E", "UTF8");
  run(
    "pg_ctl",
    "-w",
    "-D",
    data,
    "-l",
    join(host, "log"),
    "-o",
    `-c listen_addresses='' -c unix_socket_directories=${host}`,
    "start",
  );
  return {
    host,
    user: "bench",
    database: "postgres",
    [Symbol.dispose]() {
      run("pg_ctl", "-D", data, "-m", "immediate", "stop");
      rmSync(host, { recursive: true, force: true });
    },
  };
}

function findBinaries(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = versions.map((version) => join(debian, version, "bin"));
  // Elsewhere the server's programs are on PATH.
  folders.push(...(process.env.PATH ?? "").split(delimiter));
  return folders.find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "pg_ctl")));
}

function postgresUser(): { readonly uid: number; readonly gid: number } {
  const id = (option: string) => Number(execFileSync("id", [option, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}
