/** `serve` as processes on one database and one bucket, and clients that go on at another one. */
import { setTimeout as waitFor } from "node:timers/promises";
import { createApiClient, type HttpApiClient } from "../../src/api/client.ts";
import type { ErrorCode } from "../../src/error-table.ts";
import { ReleaseError } from "../../src/errors.ts";
import type { Random } from "../server/deploy-race.ts";
import {
  type ControlPlaneProcess,
  type ProcessPlace,
  startServeProcess,
} from "../support/control-plane-process.ts";

/** A client gives one control plane this long and goes to the next: longer than a request is held there. */
export const callLimitMs = 5_000;
const restartPauseMs = 200;
/** The longest that a database is away, and more. */
const startLimitMs = 60_000;

/** One of the places that a control plane runs in; whatever ends there is started again, as a service manager does. */
class Place {
  process: ControlPlaneProcess | undefined;
  /** Grows with each process, so that clients know when to connect anew. */
  generation = 0;
}

export interface FleetOptions {
  readonly count: number;
  readonly database: string;
  readonly place: Required<ProcessPlace>;
}

export class Fleet implements AsyncDisposable {
  readonly #options: FleetOptions;
  readonly places: readonly Place[];
  /** What clients were told, by code, with the words of each. */
  readonly refusals = new Map<ErrorCode | "unknown", Map<string, number>>();
  readonly clients = new Set<FleetClient>();

  constructor(options: FleetOptions) {
    this.#options = options;
    this.places = Array.from({ length: options.count }, () => new Place());
  }

  /** Until one listens: while its database is away, each try ends at once. */
  async start(index: number): Promise<void> {
    const place = this.#place(index);
    const { database, place: shared } = this.#options;
    const endMs = Date.now() + startLimitMs;
    for (;;) {
      try {
        place.process = await startServeProcess(database, shared);
        place.generation++;
        return;
      } catch (error) {
        if (Date.now() > endMs) throw error;
        await waitFor(restartPauseMs);
      }
    }
  }

  running(index: number): ControlPlaneProcess {
    const { process } = this.#place(index);
    if (process === undefined) throw new Error(`control plane ${index} does not run`);
    return process;
  }

  #place(index: number): Place {
    const place = this.places[index];
    if (place === undefined) throw new RangeError(`there is no place ${index}`);
    return place;
  }

  client(random: Random): FleetClient {
    const client = new FleetClient(this, random);
    this.clients.add(client);
    return client;
  }

  /** Without being hit: nobody here starts them again. */
  endedByThemselves(): number[] {
    return this.places.flatMap(({ process }, index) => (process?.isRunning() === true ? [] : [index]));
  }

  noteRefusal(thrown: unknown): void {
    const code = thrown instanceof ReleaseError ? thrown.code : "unknown";
    const text = (thrown instanceof Error ? thrown.message : String(thrown)).replace(/:\d{4,5}\b/g, ":PORT");
    const texts = this.refusals.get(code) ?? new Map<string, number>();
    this.refusals.set(code, texts.set(text, (texts.get(text) ?? 0) + 1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.clients) client[Symbol.dispose]();
    await Promise.all(this.places.map(({ process }) => process?.[Symbol.asyncDispose]()));
  }
}

/** A client that stays at one control plane until that fails it, and then asks the next one. */
export class FleetClient implements Disposable {
  readonly #fleet: Fleet;
  readonly #random: Random;
  readonly #connected = new Map<number, { readonly generation: number; readonly api: HttpApiClient }>();
  #at: number;
  /** When the last call that was answered had been sent. */
  answeredAtMs = 0;

  constructor(fleet: Fleet, random: Random) {
    this.#fleet = fleet;
    this.#random = random;
    this.#at = Math.floor(random() * fleet.places.length);
  }

  async #api(): Promise<HttpApiClient> {
    const { process, generation } = this.#fleet.places[this.#at] ?? {};
    if (process === undefined || generation === undefined) throw new Error("nothing runs there");
    const known = this.#connected.get(this.#at);
    if (known?.generation === generation) return known.api;
    known?.api[Symbol.dispose]();
    const api = await createApiClient({
      url: process.url,
      apiKey: undefined,
      protocol: "grpc",
      env: {},
      retryPolicy: { attempts: 1, firstDelayMs: 0, delayFactor: 1, maxDelayMs: 0, totalMs: 0 },
    });
    this.#connected.set(this.#at, { generation, api });
    return api;
  }

  /** One try at one control plane. Moves to the next one and throws when it fails. */
  async attempt<Result>(work: (api: HttpApiClient) => Promise<Result>): Promise<Result> {
    const sentAtMs = Date.now();
    try {
      const result = await work(await this.#api());
      this.answeredAtMs = sentAtMs;
      return result;
    } catch (error) {
      this.#fleet.noteRefusal(error);
      this.#at = (this.#at + 1) % this.#fleet.places.length;
      await waitFor(20 + 180 * this.#random());
      throw error;
    }
  }

  /** Until somebody answers or `isOver`; undefined then. For what may be sent twice. */
  async call<Result>(
    work: (api: HttpApiClient) => Promise<Result>,
    isOver: () => boolean = () => false,
  ): Promise<Result | undefined> {
    while (!isOver()) {
      try {
        return await this.attempt(work);
      } catch {
        // It was noted, and the next one is asked.
      }
    }
    return undefined;
  }

  [Symbol.dispose](): void {
    for (const { api } of this.#connected.values()) api[Symbol.dispose]();
  }
}
