/**
 * What a control plane counts of itself. Numbers and nothing else, because it counts from its start on and for every
 * call; metrics.ts makes Prometheus' text of them when somebody asks for it.
 */
import type { CommitFacts } from "../store/port.ts";

/** From a call that is answered from memory to an upload. Seconds. */
export const durationBounds = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60,
] as const;

/** How often something took how long, for one pair of labels. */
export interface DurationSeries {
  readonly labels: readonly [string, string];
  /** One for each of durationBounds, not cumulative, and one for what took longer. */
  readonly counts: number[];
  sumSeconds: number;
}

class Durations {
  readonly #series = new Map<string, DurationSeries>();

  add(first: string, second: string, tookMs: number): void {
    const key = `${first} ${second}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      const counts = Array.from({ length: durationBounds.length + 1 }, () => 0);
      series = { labels: [first, second], counts, sumSeconds: 0 };
      this.#series.set(key, series);
    }
    const seconds = tookMs / 1_000;
    const found = durationBounds.findIndex((bound) => seconds <= bound);
    const bucket = found === -1 ? durationBounds.length : found;
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    series.sumSeconds += seconds;
  }

  get series(): readonly DurationSeries[] {
    return [...this.#series.values()];
  }
}

/** Calls by their name, which is one of those that are served, and by how they ended. */
export class CallFigures {
  readonly #durations = new Durations();
  readonly #inProgress = new Map<string, number>();

  /** Call what it returns once, when the call has ended. */
  begin(name: string): (outcome: string) => void {
    const startedMs = performance.now();
    this.#inProgress.set(name, (this.#inProgress.get(name) ?? 0) + 1);
    return (outcome) => {
      this.#inProgress.set(name, (this.#inProgress.get(name) ?? 1) - 1);
      this.#durations.add(name, outcome, performance.now() - startedMs);
    };
  }

  get ended(): readonly DurationSeries[] {
    return this.#durations.series;
  }

  get inProgress(): ReadonlyMap<string, number> {
    return this.#inProgress;
  }
}

/** Transactions of the store by their lane, and by whether they were committed. */
export class CommitFigures {
  readonly #durations = new Durations();
  readonly #operations = new Map<string, number>();

  add({ lane, operations, tookMs, committed }: CommitFacts): void {
    this.#durations.add(lane, committed ? "committed" : "failed", tookMs);
    if (committed) this.#operations.set(lane, (this.#operations.get(lane) ?? 0) + operations);
  }

  get ended(): readonly DurationSeries[] {
    return this.#durations.series;
  }

  get operations(): ReadonlyMap<string, number> {
    return this.#operations;
  }
}

export interface ServerFigures {
  readonly rpcs: CallFigures;
  readonly requests: CallFigures;
  readonly commits: CommitFigures;
  readonly artifacts: ArtifactFigures;
}

export interface TaskFigures {
  claimed: number;
  readonly reports: { computed: number; failed: number; handedBack: number };
  leasesExpired: number;
}

export function createTaskFigures(): TaskFigures {
  return { claimed: 0, reports: { computed: 0, failed: 0, handedBack: 0 }, leasesExpired: 0 };
}

export interface ArtifactFigures {
  receivedBytes: number;
  sentBytes: number;
}

export function createServerFigures(): ServerFigures {
  return {
    rpcs: new CallFigures(),
    requests: new CallFigures(),
    commits: new CommitFigures(),
    artifacts: { receivedBytes: 0, sentBytes: 0 },
  };
}
