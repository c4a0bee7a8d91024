/** What befalls control planes and their database, one thing after the other, as a seed says. */
import { execFileSync } from "node:child_process";
import { setTimeout as waitFor } from "node:timers/promises";
import pg from "pg";
import type { Random } from "../server/deploy-race.ts";
import type { PostgresServer } from "../support/postgres-server.ts";
import type { Fleet } from "./fleet.ts";

export interface World {
  readonly fleet: Fleet;
  readonly postgres: PostgresServer;
  /** The database's name. */
  readonly database: string;
  /** Longest time that a control plane took to end when it was told to. */
  longestStopMs: number;
}

interface Strike {
  /** Of the control plane that is hit. */
  readonly index: number;
  /** How long it lasts, where that is not a moment. */
  readonly holdMs: number;
}

type Fault = (world: World, strike: Strike) => Promise<void>;

/** Each ends when what it hit could serve again. */
export const faults = {
  async "control plane SIGKILL"({ fleet }, { index }) {
    await fleet.running(index).kill();
    await fleet.start(index);
  },
  async "control plane SIGSTOP"({ fleet }, { index, holdMs }) {
    const process = fleet.running(index);
    process.signal("SIGSTOP");
    await waitFor(holdMs);
    process.signal("SIGCONT");
  },
  async "control plane SIGTERM"(world, { index }) {
    const startedAtMs = Date.now();
    await world.fleet.running(index)[Symbol.asyncDispose]();
    world.longestStopMs = Math.max(world.longestStopMs, Date.now() - startedAtMs);
    await world.fleet.start(index);
  },
  async "database restarted at once"({ postgres }) {
    await postgres.control("stop", "immediate");
    await postgres.control("start");
  },
  async "database SIGKILL"({ postgres }) {
    process.kill(postgres.pid(), "SIGKILL");
    await startAgain(postgres);
  },
  async "connections cut"({ postgres, database }) {
    await asAdmin(postgres, async (client) => {
      await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [
        database,
      ]);
    });
  },
  async "database read-only"({ postgres }, { holdMs }) {
    await setReadOnly(postgres, "on");
    await waitFor(holdMs);
    await setReadOnly(postgres, "off");
  },
  async "database stopped for a while"({ postgres }, { holdMs }) {
    await postgres.control("stop", "fast");
    await waitFor(holdMs);
    await postgres.control("start");
  },
  async "database SIGSTOP"({ postgres }, { holdMs }) {
    const all = processesOf(postgres.pid());
    for (const pid of all) process.kill(pid, "SIGSTOP");
    await waitFor(holdMs);
    for (const pid of all) process.kill(pid, "SIGCONT");
  },
} satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;
const names = Object.keys(faults) as FaultName[];

export interface PlannedFault extends Strike {
  readonly names: readonly FaultName[];
  /** Before it. */
  readonly quietMs: number;
}

export interface Pace {
  readonly hold: readonly [leastMs: number, mostMs: number];
  readonly quiet: readonly [leastMs: number, mostMs: number];
  /** Of the faults: so many come together with one of the other side. */
  readonly pairs: number;
}

/** Every kind once a round, in an order of its own. Endless. */
export function* planFaults(random: Random, places: number, pace: Pace): Generator<PlannedFault> {
  const between = ([least, most]: readonly [number, number]) => least + (most - least) * random();
  for (;;) {
    const round = names.map((name) => ({ name, at: random() })).toSorted((a, b) => a.at - b.at);
    for (const { name } of round) {
      const others = names.filter((other) => ofControlPlane(other) !== ofControlPlane(name));
      const other = random() < pace.pairs ? others[Math.floor(random() * others.length)] : undefined;
      yield {
        names: other === undefined ? [name] : [name, other],
        index: Math.floor(random() * places),
        holdMs: Math.round(between(pace.hold)),
        quietMs: Math.round(between(pace.quiet)),
      };
    }
  }
}

const ofControlPlane = (name: FaultName) => name.startsWith("control plane");

export async function strike(world: World, fault: PlannedFault): Promise<void> {
  await Promise.all(fault.names.map((name) => faults[name](world, fault)));
}

/** Its children notice its end within moments, and until then its memory is in use. */
async function startAgain(postgres: PostgresServer): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await postgres.control("start");
    } catch (error) {
      if (attempt === 100) throw error;
      await waitFor(100);
    }
  }
}

async function asAdmin(postgres: PostgresServer, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const options = "-c default_transaction_read_only=off";
  const client = new pg.Client({ connectionString: postgres.url("postgres"), options });
  client.on("error", () => {});
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

function setReadOnly(postgres: PostgresServer, value: "on" | "off"): Promise<void> {
  return asAdmin(postgres, async (client) => {
    await client.query(`ALTER SYSTEM SET default_transaction_read_only = ${value}`);
    await client.query("SELECT pg_reload_conf()");
  });
}

/** The one that starts others first: once it stands still, no more of them come. */
function processesOf(pid: number): number[] {
  process.kill(pid, "SIGSTOP");
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
  const children = lines.map((line) => line.trim().split(/\s+/).map(Number));
  return [
    pid,
    ...children.flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : [])),
  ];
}
