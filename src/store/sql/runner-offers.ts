import { hash } from "node:crypto";
import { withVersion } from "../../engine/task-version.ts";
import type { RunnerStore, SeenOffer } from "../runner-port.ts";
import type { Session } from "./session.ts";
import { type Database, prepare, returned } from "./statement.ts";

/** One row for all runners that offer the same, however many there are. */
export const createRunnerOfferTable = `
  CREATE TABLE runner_offers (
    cluster      TEXT NOT NULL, -- slug, empty for the default cluster
    offer_sha256 TEXT NOT NULL, -- of identifiers
    identifiers  TEXT NOT NULL, -- JSON: [[name, version], ...]
    seen_at_ms   INTEGER NOT NULL,
    PRIMARY KEY (cluster, offer_sha256)
  ) STRICT;
  CREATE INDEX runner_offers_by_time ON runner_offers (seen_at_ms);
`;

function prepareOfferStatements(database: Database) {
  return {
    removeBefore: prepare<[seenSinceMs: number]>(database, "DELETE FROM runner_offers WHERE seen_at_ms < ?"),
    count: prepare<[seenSinceMs: number], { readonly count: number }>(
      database,
      "SELECT count(*) AS count FROM runner_offers WHERE seen_at_ms >= ?",
    ),
    touch: prepare<[seenAtMs: number, cluster: string, sha256: string]>(
      database,
      "UPDATE runner_offers SET seen_at_ms = ? WHERE cluster = ? AND offer_sha256 = ?",
    ),
    put: prepare<[cluster: string, sha256: string, identifiers: string, seenAtMs: number]>(
      database,
      `INSERT INTO runner_offers (cluster, offer_sha256, identifiers, seen_at_ms) VALUES (?, ?, ?, ?)
       ON CONFLICT (cluster, offer_sha256) DO UPDATE SET seen_at_ms = excluded.seen_at_ms`,
    ),
    ofCluster: prepare<[cluster: string, seenSinceMs: number], { readonly identifiers: string }>(
      database,
      "SELECT identifiers FROM runner_offers WHERE cluster = ? AND seen_at_ms >= ?",
    ),
  };
}

/** Both bound what a key of a runner can make the store hold; beyond them fewer offers are known, never wrong ones. */
const maxOffers = 2_000;
const maxIdentifiersCharacters = 16 * 1024;

type OfferStore = Pick<RunnerStore, "noteOffers" | "listOffers">;

export function createOfferStore({ database, writer, read, clock }: Session): OfferStore {
  const statements = prepareOfferStatements(database);
  return {
    noteOffers(offers, expiryMs) {
      // Always in one order, so that control planes that write the same rows do not wait for each other in a circle.
      const rows = offers.map(toRow).toSorted((a, b) => (a.place < b.place ? -1 : 1));
      return writer.submit(() => {
        const nowMs = clock();
        statements.removeBefore.run(nowMs - expiryMs);
        const known = returned(statements.count.get(nowMs - expiryMs)).count;
        // With no room left for all, what is known stays known.
        const isFull = known + rows.length > maxOffers;
        for (const { cluster, sha256, identifiers } of rows) {
          if (isFull) statements.touch.run(nowMs, cluster, sha256);
          else statements.put.run(cluster, sha256, identifiers, nowMs);
        }
      });
    },
    listOffers: ({ slug, isDefault }, expiryMs) =>
      read(() => {
        const seenSinceMs = clock() - expiryMs;
        const places = isDefault ? [slug, ""] : [slug];
        const rows = places.flatMap((place) => statements.ofCluster.all(place, seenSinceMs));
        return rows.map(({ identifiers }) => ({ identifiers: parseIdentifiers(identifiers) }));
      }),
  };
}

function toRow({ cluster: place, identifiers: offered }: SeenOffer) {
  const cluster = place.kind === "default" ? "" : place.slug;
  const kept: (readonly [string, string])[] = [];
  let characters = 0;
  for (const { name, version } of offered) {
    characters += name.length + version.length;
    if (characters > maxIdentifiersCharacters) break;
    kept.push([name, version]);
  }
  const identifiers = JSON.stringify(kept);
  const sha256 = hash("sha256", identifiers);
  return { cluster, sha256, identifiers, place: `${cluster} ${sha256}` };
}

function parseIdentifiers(json: string) {
  const pairs = JSON.parse(json) as (readonly [string, string])[];
  return pairs.flatMap(([name, version]) => withVersion({ name, version }) ?? []);
}
