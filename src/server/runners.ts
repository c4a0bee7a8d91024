/**
 * The release runners that are there, from what they report. Kept in memory: each reports again within
 * seconds, so a control plane that starts anew soon knows them all.
 */
import { type KnownRunner, type RunnerReport, runnerExpiryMs } from "../api/runner-calls.ts";
import type { Clock } from "../engine/id.ts";
import { SystemError } from "../errors.ts";
import type { Caller } from "./auth.ts";

/** Far more than one control plane serves; what stands in its memory is bounded by it. */
const maxRunners = 10_000;

interface Entry {
  readonly runner: KnownRunner;
  readonly workerKeySha256: string;
}

export class RunnerRegistry {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws api-limit. */
  report(report: RunnerReport, caller: Caller): void {
    this.#expire();
    const { workerKeySha256, stopped, ...facts } = report;
    const known = this.#entries.get(report.id);
    if (stopped) {
      this.#entries.delete(report.id);
      return;
    }
    if (known === undefined && this.#entries.size >= maxRunners) {
      throw new SystemError("api-limit", `${maxRunners} runners report here, which is the limit`);
    }
    const nowMs = this.#clock();
    const firstSeenAtMs = known?.runner.firstSeenAtMs ?? nowMs;
    this.#entries.set(report.id, {
      runner: { ...facts, key: caller.name, firstSeenAtMs, lastSeenAtMs: nowMs },
      workerKeySha256,
    });
  }

  /** Longest known first; those of one cluster when it is named, by the slug that they reported. */
  list(cluster?: string): readonly KnownRunner[] {
    this.#expire();
    return [...this.#entries.values()]
      .map(({ runner }) => runner)
      .filter((runner) => cluster === undefined || runner.cluster === cluster);
  }

  /**
   * Whose worker has this key. A worker runs a project's code and may do what a runner may, whatever its
   * runner's own key allows; its key ends with its runner.
   */
  findWorker(keySha256: string): Caller | undefined {
    this.#expire();
    for (const { runner, workerKeySha256 } of this.#entries.values()) {
      if (workerKeySha256 === keySha256) return { name: `worker of ${runner.key}`, role: "runner" };
    }
    return undefined;
  }

  #expire(): void {
    const oldestMs = this.#clock() - runnerExpiryMs;
    for (const [id, { runner }] of this.#entries) {
      if (runner.lastSeenAtMs < oldestMs) this.#entries.delete(id);
    }
  }
}
