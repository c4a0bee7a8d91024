import pg from "pg";
import type { ReadyTasks } from "../../engine/claim.ts";
import type { Slug } from "../../engine/slug.ts";
import { withVersion } from "../../engine/task-version.ts";
import type { DeploymentNotice } from "../port.ts";
import { connectionOptions } from "./connection.ts";
import type { Sockets } from "./sockets.ts";

/** The channel of LISTEN and NOTIFY; one database has one for all control planes. */
export const noticeChannel = "workflow_release";

/** What control planes tell each other. A hint: whoever missed one finds the truth in the database. */
export type Notice =
  | { readonly kind: "ready"; readonly tasks: readonly ReadyTasks[] }
  | { readonly kind: "deployment"; readonly change: DeploymentNotice };

/** Of queues in one notice: PostgreSQL takes less than 8000 bytes, and refuses the transaction of a longer one. */
const queueBytesAtOnce = 7_000;

/** The texts to send for a notice. `from` names the control plane, which has told its own runners already. */
export function noticeTexts(notice: Notice, from: string): string[] {
  switch (notice.kind) {
    case "deployment":
      return [JSON.stringify({ from, deployment: notice.change })];
    case "ready": {
      const parts: unknown[][] = [];
      let leftBytes = 0;
      for (const { cluster, identifier, count } of notice.tasks) {
        const entry = [cluster, identifier.name, identifier.version, count];
        const sizeBytes = Buffer.byteLength(JSON.stringify(entry)) + 1;
        if (sizeBytes > leftBytes) {
          parts.push([]);
          leftBytes = queueBytesAtOnce;
        }
        parts.at(-1)?.push(entry);
        leftBytes -= sizeBytes;
      }
      return parts.map((ready) => JSON.stringify({ from, ready }));
    }
  }
}

/** Undefined for our own, and for what another version may send and this one cannot read. */
export function parseNotice(text: string, own: string): Notice | undefined {
  const value = parseJson(text);
  if (!isRecord(value) || value.from === own) return undefined;
  const { deployment, ready } = value;
  if (isRecord(deployment) && typeof deployment.cluster === "string") {
    const revision = Number(deployment.revision);
    return { kind: "deployment", change: { cluster: deployment.cluster as Slug, revision } };
  }
  if (!Array.isArray(ready)) return undefined;
  return { kind: "ready", tasks: ready.flatMap(parseReady) };
}

function parseReady(entry: unknown): ReadyTasks[] {
  if (!Array.isArray(entry)) return [];
  const [cluster, name, version, count] = entry;
  if (typeof cluster !== "string" || typeof name !== "string" || typeof version !== "string") return [];
  const identifier = withVersion({ name, version });
  return identifier === undefined ? [] : [{ cluster: cluster as Slug, identifier, count: Number(count) }];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export interface NoticeListener {
  close(): Promise<void>;
}

interface ListenerOptions {
  readonly url: string;
  readonly sockets: Sockets;
  readonly onNotice: (text: string) => void;
  /** Listening begins, for the first time or again: what was said before was not heard. */
  readonly onListening: (client: pg.Client) => Promise<void>;
}

const reconnectMs = 1_000;

/** Listens on a connection of its own, and connects again when it is lost. Throws when the first one fails. */
export async function listenForNotices(options: ListenerOptions): Promise<NoticeListener> {
  let current: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function lost(client: pg.Client): void {
    if (current !== client) return;
    current = undefined;
    client.end().catch(() => {});
    if (!closed) timer = setTimeout(() => void connect().catch(later), reconnectMs);
  }

  function later(): void {
    if (!closed) timer = setTimeout(() => void connect().catch(later), reconnectMs);
  }

  async function connect(): Promise<void> {
    const client = new pg.Client({ ...connectionOptions(options.url), stream: options.sockets.create });
    client.on("error", () => lost(client));
    client.on("end", () => lost(client));
    client.on("notification", ({ payload }) => options.onNotice(payload ?? ""));
    try {
      await client.connect();
      await client.query(`LISTEN ${noticeChannel}`);
      await options.onListening(client);
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    if (closed) return await client.end();
    current = client;
  }

  await connect();
  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await current?.end();
    },
  };
}
