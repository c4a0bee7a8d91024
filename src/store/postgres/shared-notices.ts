import { randomUUID } from "node:crypto";
import type pg from "pg";
import type { Slug } from "../../engine/slug.ts";
import type { DeploymentNotices } from "../sql/clusters.ts";
import { type Database, prepare } from "../sql/statement.ts";
import type { ReadyNotices } from "../sql/task-work.ts";
import { locks } from "./locks.ts";
import { listenForNotices, type Notice, noticeChannel, noticeTexts, parseNotice } from "./notices.ts";
import type { Sockets } from "./sockets.ts";

interface SharedNoticesDeps {
  readonly url: string;
  readonly sockets: Sockets;
  readonly pool: pg.Pool;
  readonly database: Database;
  readonly notices: { readonly ready: ReadyNotices; readonly deployments: DeploymentNotices };
  /** No other control plane runs: nobody could extend a lease until now. */
  readonly whenAlone: () => Promise<void>;
}

/** More runners than this are not woken for one queue after the connection was lost; they ask by themselves. */
const wokenAfterSilence = 1_000;
/**
 * Lets the runners that wait at one control plane hear of what another one changed, and the other way round.
 * What gets ready is told in the transaction that makes it so; the server passes it on when it is committed.
 */
export async function shareNotices(deps: SharedNoticesDeps): Promise<{ close(): Promise<void> }> {
  const { pool, notices } = deps;
  const self = randomUUID();
  const notify = prepare<[channel: string, text: string]>(deps.database, "SELECT pg_notify(?, ?)");
  let passingOn = false;

  /** What comes from elsewhere is told here and not sent again. */
  function passOn(notice: Notice): void {
    passingOn = true;
    try {
      switch (notice.kind) {
        case "deployment":
          notices.deployments.emit(notice.change);
          break;
        case "ready":
          notices.ready.emit(notice.tasks);
      }
    } finally {
      passingOn = false;
    }
  }

  const stopReady = notices.ready.subscribe((tasks) => {
    if (passingOn) return;
    for (const text of noticeTexts({ kind: "ready", tasks }, self)) notify.run(noticeChannel, text);
  });
  const stopDeployments = notices.deployments.subscribe((change) => {
    if (passingOn) return;
    // A hint that is lost costs a runner its next regular look at the cluster.
    for (const text of noticeTexts({ kind: "deployment", change }, self)) {
      pool.query("SELECT pg_notify($1, $2)", [noticeChannel, text]).catch(() => {});
    }
  });
  const listener = await listenForNotices({
    url: deps.url,
    sockets: deps.sockets,
    onNotice(text) {
      const notice = parseNotice(text, self);
      if (notice !== undefined) passOn(notice);
    },
    async onListening(client) {
      if (await isAlone(client)) await deps.whenAlone();
      for (const notice of await missedNotices(client)) passOn(notice);
    },
  });
  return {
    async close() {
      stopReady();
      stopDeployments();
      await listener.close();
    },
  };
}

/** The lock is held as long as the connection lasts, and tells the next control plane that this one runs. */
async function isAlone(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query("SELECT pg_try_advisory_lock($1) AS alone", [locks.running]);
  const alone = Boolean(rows[0]?.alone);
  await client.query("SELECT pg_advisory_lock_shared($1)", [locks.running]);
  if (alone) await client.query("SELECT pg_advisory_unlock($1)", [locks.running]);
  return alone;
}

/** What may have been said while nobody listened. */
async function missedNotices(client: pg.Client): Promise<Notice[]> {
  const waiting = await client.query<{
    cluster: Slug;
    name: string;
    version: string;
    major: number;
    minor: number;
  }>(
    `SELECT cluster, name, version, major, minor FROM task_queues WHERE EXISTS (
       SELECT 1 FROM job_queues WHERE queue = task_queues.sequence AND open = 1 AND waiting = 1)`,
  );
  const clusters = await client.query<{ cluster: Slug; revision: number }>(
    "SELECT slug AS cluster, revision FROM clusters",
  );
  const tasks = waiting.rows.map(({ cluster, ...identifier }) => ({
    cluster,
    identifier,
    count: wokenAfterSilence,
  }));
  return [
    ...(tasks.length > 0 ? [{ kind: "ready", tasks } as const] : []),
    ...clusters.rows.map((change) => ({ kind: "deployment", change }) as const),
  ];
}
