/** What clients saw, and what of it cannot be true of a control plane that keeps its word. */

/** A task in somebody's hands. Times are of the machine's clock, which control planes and clients share here. */
export interface Hold {
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
  /**
   * Counted from the moment that the claim, or an extension that was granted, was sent: the control plane
   * counts from a later one. An extension whose answer was lost does not count. Whoever reports a failure
   * gives the task up with the request.
   */
  leaseEndsAtMs: number;
}

export class Journal {
  readonly holds = new Map<string, Hold[]>();
  /** When the first answer came that took a task's result. */
  readonly done = new Map<string, number>();
  /** When results were sent that were taken, and when the answer came. */
  readonly progress: { readonly sentAtMs: number; readonly answeredAtMs: number }[] = [];
  readonly counts = { extended: 0, leasesLost: 0, dropped: 0, failed: 0 };
  /**
   * Tasks with a report of a failure that nobody answered, and since when. No request carries the number of
   * an attempt, so that one which stood in a control plane's socket may end a later attempt, as the public
   * API has it; what is given away after it is no second lease.
   */
  readonly unansweredFailures = new Map<string, number>();

  claimed(task: string, hold: Hold): void {
    const holds = this.holds.get(task) ?? [];
    holds.push(hold);
    this.holds.set(task, holds);
  }

  computed(task: string, sentAtMs: number): void {
    const answeredAtMs = Date.now();
    this.progress.push({ sentAtMs, answeredAtMs });
    if (!this.done.has(task)) this.done.set(task, answeredAtMs);
  }

  /**
   * Two live leases: somebody was given a task while another one, by what he was told, still had it, whether
   * or not he had reported by then. And: a task was given away that was asked for after its result had been
   * taken.
   */
  contradictions(): string[] {
    const found: string[] = [];
    for (const [task, holds] of this.holds) {
      const inOrder = holds.toSorted((a, b) => a.answeredAtMs - b.answeredAtMs);
      for (const [index, hold] of inOrder.entries()) {
        const before = inOrder[index - 1];
        const isExcused = (this.unansweredFailures.get(task) ?? Number.POSITIVE_INFINITY) < hold.answeredAtMs;
        if (before !== undefined && hold.answeredAtMs < before.leaseEndsAtMs && !isExcused) {
          found.push(`${task}: two live leases, ${JSON.stringify([before, hold])}`);
        }
        const doneAtMs = this.done.get(task);
        if (doneAtMs !== undefined && hold.sentAtMs > doneAtMs) {
          found.push(
            `${task}: given away after its result had been taken, ${JSON.stringify([doneAtMs, hold])}`,
          );
        }
      }
    }
    return found;
  }

  get givenAgain(): number {
    return [...this.holds.values()].filter((holds) => holds.length > 1).length;
  }
}
