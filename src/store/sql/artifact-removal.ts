import type { ArtifactId } from "../../engine/id.ts";
import type { RetentionStore } from "../retention-port.ts";
import { type ArtifactRow, prepareArtifactStatements, toArtifact } from "./artifacts.ts";
import { idsFrom } from "./job-id-times.ts";
import type { Session } from "./session.ts";
import { type Database, prepare } from "./statement.ts";

type ArtifactRemovals = Pick<
  RetentionStore,
  "beginArtifactRemoval" | "listArtifactsInRemoval" | "endArtifactRemoval"
>;

const artifactsAtOnce = 200;

const isReleased = "EXISTS (SELECT 1 FROM releases WHERE releases.artifact_id = artifacts.id)";

function prepareStatements(database: Database) {
  return {
    page: prepare<
      [after: ArtifactId | "", before: string, limit: number],
      { readonly id: ArtifactId; readonly used_at_ms: number | null; readonly released: 0 | 1 }
    >(
      database,
      `SELECT id, used_at_ms, ${isReleased} AS released FROM artifacts
       WHERE id > ? AND id < ? AND removal_began_at_ms IS NULL ORDER BY id LIMIT ?`,
    ),
    begin: prepare<[beganAtMs: number, id: ArtifactId, usedBeforeMs: number]>(
      database,
      `UPDATE artifacts SET removal_began_at_ms = ?
       WHERE id = ? AND used_at_ms < ? AND removal_began_at_ms IS NULL AND NOT ${isReleased}`,
    ),
    inRemoval: prepare<[limit: number], ArtifactRow>(
      database,
      "SELECT * FROM artifacts WHERE id > '' AND removal_began_at_ms IS NOT NULL ORDER BY id LIMIT ?",
    ),
    end: prepare<[id: ArtifactId]>(
      database,
      "DELETE FROM artifacts WHERE id = ? AND removal_began_at_ms IS NOT NULL",
    ),
  };
}

/** Works in the catalog, where no release is published meanwhile. */
export function createArtifactRemovals({ database, writer, read, clock }: Session): ArtifactRemovals {
  const statements = prepareStatements(database);
  const { use } = prepareArtifactStatements(database);
  return {
    async beginArtifactRemoval({ unusedSinceMs, startingAfter }) {
      // What was added since was used since.
      const before = idsFrom(unusedSinceMs);
      const page = await read(() => statements.page.all(startingAfter ?? "", before, artifactsAtOnce));
      const unreleased = page.filter(({ released }) => released === 0);
      const unused = unreleased.filter(({ used_at_ms }) => (used_at_ms ?? 0) < unusedSinceMs);
      if (unused.length > 0) {
        await writer.submit(() => {
          const nowMs = clock();
          for (const { id, used_at_ms } of unused) {
            if (used_at_ms === null) use.run(nowMs, id);
            else statements.begin.run(nowMs, id, unusedSinceMs);
          }
        });
      }
      return page.length < artifactsAtOnce ? undefined : page.at(-1)?.id;
    },
    listArtifactsInRemoval: (limit) => read(() => statements.inRemoval.all(limit).map(toArtifact)),
    endArtifactRemoval: (id) => writer.submit(() => statements.end.run(id)),
  };
}
