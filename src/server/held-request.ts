import type { ClaimedTask, Offer } from "../store/job-port.ts";

/**
 * A request for a task that is held until there is one. It claims at first and whenever it is woken, one
 * claim at a time; what wakes it during a claim makes it claim once more, so that nothing is missed.
 */
export class HeldRequest {
  readonly offer: Offer;
  readonly #claim: () => Promise<ClaimedTask | undefined>;
  /** `once-more`: something got ready during the claim under way. */
  #state: "waiting" | "claiming" | "once-more" = "waiting";
  #over = false;
  readonly #result = Promise.withResolvers<ClaimedTask | undefined>();

  constructor(offer: Offer, claim: () => Promise<ClaimedTask | undefined>) {
    this.offer = offer;
    this.#claim = claim;
  }

  /** Undefined when it was ended before there was a task. */
  run(): Promise<ClaimedTask | undefined> {
    this.wake();
    return this.#result.promise;
  }

  wake(): void {
    if (this.#state === "waiting") this.#claimOnce();
    else this.#state = "once-more";
  }

  /** Stops waiting; a claim under way may still bring a task, which must not be lost. */
  end(): void {
    this.#over = true;
    if (this.#state === "waiting") this.#result.resolve(undefined);
  }

  #claimOnce(): void {
    this.#state = "claiming";
    this.#claim().then(
      (task) => {
        const again = this.#state === "once-more";
        this.#state = "waiting";
        if (task !== undefined || this.#over) this.#result.resolve(task);
        else if (again) this.#claimOnce();
      },
      (error: unknown) => this.#result.reject(error),
    );
  }
}
