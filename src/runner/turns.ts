/**
 * Who may use a worker: any number of tasks together, or one alone. First come, first served, so that one
 * that wants to be alone is not kept waiting by others that come after it.
 */
export class Turns {
  #together = 0;
  #alone = false;
  readonly #waiting: { readonly alone: boolean; readonly begin: () => void }[] = [];

  /** Whether a turn together would begin at once. */
  get open(): boolean {
    return !this.#alone && this.#waiting.length === 0;
  }

  /** Resolves when the turn begins; dispose of it to end the turn. */
  async take(alone: boolean): Promise<Disposable> {
    if (!this.open || (alone && this.#together > 0)) {
      await new Promise<void>((begin) => this.#waiting.push({ alone, begin }));
    } else this.#begin(alone);
    let ended = false;
    return {
      [Symbol.dispose]: () => {
        if (ended) return;
        ended = true;
        if (alone) this.#alone = false;
        else this.#together--;
        this.#admit();
      },
    };
  }

  #begin(alone: boolean): void {
    if (alone) this.#alone = true;
    else this.#together++;
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#alone || (next.alone && this.#together > 0)) return;
      this.#waiting.shift();
      this.#begin(next.alone);
      next.begin();
    }
  }
}
