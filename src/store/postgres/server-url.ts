/** What the URL of a database must say, beside what the driver asks of it. Everything here throws input-invalid. */
import { isLoopback } from "../../engine/loopback.ts";
import { UserError } from "../../errors.ts";
import { databaseName } from "./database-name.ts";

/** libpq takes a list of hosts and chooses one that takes writes; the driver takes one, and asks it nothing. */
export function requireOneHost(url: string): void {
  const host = /^postgres(?:ql)?:\/\/(?:[^/@]*@)?([^/?]*)/.exec(url)?.[1] ?? "";
  if (!host.includes(",") && !/[?&]target_session_attrs=/.test(url)) return;
  throw new UserError("input-invalid", "The database's URL asks for a choice between several servers", {
    next:
      "Name one host, without target_session_attrs, that always leads to the server that takes writes: " +
      "a name, an address or a proxy that fails over with it.",
  });
}

/**
 * A server that others can come between needs a word about TLS: the driver, other than psql, does not even ask
 * whether the server speaks it when the URL says nothing.
 *
 * @param connection What the driver makes of the URL and its environment.
 */
export function requireChosenTransport(
  url: string,
  { host, ssl }: { readonly host: string; readonly ssl: unknown },
): void {
  if (host.startsWith("/") || isLoopback(host) || ssl !== false) return;
  if (URL.parse(url)?.searchParams.get("sslmode") === "disable") return;
  throw new UserError(
    "input-invalid",
    `The connection to the database ${databaseName(url)} would not be encrypted`,
    {
      next:
        "Add sslmode=verify-full to its URL (and sslrootcert=FILE for an authority of your own), or " +
        "sslmode=disable where nobody else is on the network in between.",
    },
  );
}
