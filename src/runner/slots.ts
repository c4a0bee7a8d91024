/** Who may run now: so many tasks in all, so many of one owner. First come, first served, as far as an owner has room. */
import type { Time } from "./time.ts";

export interface SlotLimits {
  readonly total: number;
  readonly perOwner: number;
}

interface Waiting {
  readonly owner: object;
  readonly begin: () => void;
}

export class Slots {
  readonly #limits: SlotLimits;
  readonly #time: Time;
  readonly #waiting = new Set<Waiting>();
  readonly #owned = new Map<object, number>();
  #taken = 0;

  constructor(limits: SlotLimits, time: Time) {
    this.#limits = limits;
    this.#time = time;
  }

  /** How many wait for one. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** A slot, to be disposed of; undefined when there is none in time. */
  async take(owner: object, patienceMs: number): Promise<Disposable | undefined> {
    if (this.#hasRoom(owner)) this.#count(owner, 1);
    else if (!(await this.#wait(owner, patienceMs))) return undefined;
    return {
      [Symbol.dispose]: () => {
        this.#count(owner, -1);
        this.#admit();
      },
    };
  }

  #wait(owner: object, patienceMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiting = {
        owner,
        begin: () => {
          cancel();
          resolve(true);
        },
      };
      const cancel = this.#time.after(patienceMs, () => {
        this.#waiting.delete(waiting);
        resolve(false);
      });
      this.#waiting.add(waiting);
    });
  }

  #hasRoom(owner: object): boolean {
    return this.#taken < this.#limits.total && (this.#owned.get(owner) ?? 0) < this.#limits.perOwner;
  }

  #count(owner: object, change: 1 | -1): void {
    const owned = (this.#owned.get(owner) ?? 0) + change;
    this.#taken += change;
    if (owned === 0) this.#owned.delete(owner);
    else this.#owned.set(owner, owned);
  }

  #admit(): void {
    for (const waiting of this.#waiting) {
      if (!this.#hasRoom(waiting.owner)) continue;
      this.#waiting.delete(waiting);
      this.#count(waiting.owner, 1);
      waiting.begin();
      return;
    }
  }
}
