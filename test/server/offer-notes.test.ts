import assert from "node:assert/strict";
import { test } from "node:test";
import { SystemError } from "../../src/errors.ts";
import { createOfferNotes } from "../../src/server/offer-notes.ts";
import { createRunnersSeen } from "../../src/server/runners-seen.ts";
import type { SeenOffer } from "../../src/store/runner-port.ts";
import { identifier } from "../store/job-samples.ts";
import { cluster } from "../store/samples.ts";
import { ManualTimers } from "../support/manual-timers.ts";

function noteOffers(fails = false) {
  const timers = new ManualTimers();
  /** The names of the tasks of each note. */
  const notes: string[][] = [];
  const store = {
    async noteOffers(offers: readonly SeenOffer[]) {
      notes.push(offers.map(({ identifiers }) => identifiers.map(({ name }) => name).join()));
      if (fails) throw new SystemError("store-failed", "away");
    },
  };
  const seen = createRunnersSeen(timers.nowMs, () => offers.changed());
  const offers = createOfferNotes({ offers: seen.offers, store, timers, clock: timers.nowMs });
  const ask = (name: string, peer = { destroyed: false }) => {
    seen.note({ cluster: cluster("dev"), identifiers: [identifier(name)] }, peer);
    return peer;
  };
  return { timers, notes, offers, ask };
}

test("what runners offer is told soon, then every ten seconds, once for all that offer the same", () => {
  const { timers, notes, ask } = noteOffers();
  const [first, second] = [ask("A"), ask("A")];
  timers.advance(200);
  assert.deepEqual(notes, [["A"]]);
  for (let asked = 0; asked < 100; asked++) ask("A", first);
  timers.advance(9_000);
  const third = ask("B");
  timers.advance(200);
  assert.deepEqual(notes, [["A"], ["B"]], "A was told nine seconds ago");
  timers.advance(10_000);
  assert.deepEqual(notes.slice(2), [["A", "B"]]);
  for (const peer of [first, second, third]) peer.destroyed = true;
  timers.advance(60_000);
  const told = notes.length;
  timers.advance(60_000);
  assert.deepEqual([notes.length, timers.pending], [told, 0], "nobody is there, nothing is told");
  ask("A");
  timers.advance(200);
  assert.deepEqual(notes.at(-1), ["A"]);
});

test("a store that fails is told again, and nothing is told after the end", () => {
  const { timers, notes, offers, ask } = noteOffers(true);
  ask("A");
  timers.advance(200);
  timers.advance(10_000);
  assert.equal(notes.length, 2);
  offers.close();
  ask("B");
  timers.advance(20_000);
  assert.deepEqual([notes.length, timers.pending], [2, 0]);
});
