/**
 * Tells every control plane of one store which offers runners make here: a runner that is connected to one of them is
 * not seen by the others, and whoever asks why a task is not claimed may ask any of them.
 */
import type { RunnerStore, SeenOffer } from "../store/runner-port.ts";
import type { Timers } from "./timers.ts";

export interface OfferNotes {
  /** A runner offers something that it, or nobody, did not offer before. */
  changed(): void;
  close(): void;
}

interface OfferNotesDeps {
  /** What is offered now, each once. */
  readonly offers: () => ReadonlyMap<string, SeenOffer>;
  readonly store: Pick<RunnerStore, "noteOffers">;
  readonly timers: Timers;
  readonly clock: () => number;
}

/** Runners that start together are told of together. */
const gatherMs = 200;
const tellEveryMs = 10_000;
/** Two notes may be missed. */
export const offerExpiryMs = 35_000;

export function createOfferNotes({ offers, store, timers, clock }: OfferNotesDeps): OfferNotes {
  let told = new Map<string, number>();
  let cancel: (() => void) | undefined;
  let isSoon = false;
  let closed = false;

  function wait(ms: number): void {
    if (closed) return;
    cancel?.();
    isSoon = ms === gatherMs;
    cancel = timers.set(tell, ms);
  }

  function tell(): void {
    cancel = undefined;
    const now = offers();
    const nowMs = clock();
    const due = [...now].filter(([key]) => nowMs - (told.get(key) ?? -Infinity) >= tellEveryMs);
    const dueKeys = new Set(due.map(([key]) => key));
    told = new Map(
      [...now.keys()].map((key) => [key, dueKeys.has(key) ? nowMs : (told.get(key) ?? nowMs)] as const),
    );
    if (due.length > 0) {
      const notes = due.map(([, offer]) => offer);
      // It is told again in ten seconds, and no call depends on it: a store that fails is reported by those that do.
      store.noteOffers(notes, offerExpiryMs).catch(() => {});
    }
    if (now.size > 0) wait(tellEveryMs);
  }

  return {
    changed() {
      if (cancel === undefined || !isSoon) wait(gatherMs);
    },
    close() {
      closed = true;
      cancel?.();
    },
  };
}
