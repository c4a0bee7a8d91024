import type { StartLimits, StartPhase, StartProgress } from "./start-failure.ts";

const progressEveryMs = 10_000;

/** Keeps the time of a start's two phases, each with its own limit, and says every ten seconds how far it is. */
export class StartClock {
  readonly #limits: StartLimits;
  readonly #onProgress: (progress: StartProgress) => void;
  readonly #now: () => number;
  readonly #startedAt: number;
  #importAt: number | undefined;
  #saidAt: number;

  /** @param now In milliseconds, never going back. */
  constructor(limits: StartLimits, onProgress: (progress: StartProgress) => void, now: () => number) {
    this.#limits = limits;
    this.#onProgress = onProgress;
    this.#now = now;
    this.#startedAt = now();
    this.#saidAt = this.#startedAt;
  }

  get phase(): StartPhase {
    return this.#importAt === undefined ? "environment" : "import";
  }

  get limitMs(): number {
    return this.phase === "environment" ? this.#limits.environmentMs : this.#limits.importMs;
  }

  enterImport(): void {
    this.#importAt ??= this.#now();
  }

  /** Of the phase. */
  elapsedMs(): number {
    return this.#now() - (this.#importAt ?? this.#startedAt);
  }

  /** Whether the phase has taken longer than it may. Reports progress when that is due. */
  overdue(): boolean {
    const now = this.#now();
    const elapsedMs = this.elapsedMs();
    if (now - this.#saidAt >= progressEveryMs) {
      this.#saidAt = now;
      this.#onProgress({ phase: this.phase, elapsedMs, limitMs: this.limitMs });
    }
    return elapsedMs > this.limitMs;
  }

  measured(): { readonly environmentMs: number; readonly importMs: number } {
    const now = this.#now();
    const importAt = this.#importAt ?? now;
    return { environmentMs: importAt - this.#startedAt, importMs: now - importAt };
  }
}
