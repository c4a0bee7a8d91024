import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createWaitingRunners, type Turn } from "../../src/server/waiting-runners.ts";
import type { Offer } from "../../src/store/job-port.ts";
import { anyTask, claimNothing, identifier, inTurn, newJob, offerOf, task } from "../store/job-samples.ts";
import { openStoreUnderTest } from "../store/sqlite/open-store.ts";
import { ManualTimers } from "../support/manual-timers.ts";

async function openWaiting() {
  const under = await openStoreUnderTest();
  const timers = new ManualTimers();
  const { jobs } = under.store;
  const waiting = createWaitingRunners({ jobs, monotonicMs: timers.nowMs, timers });
  const settle = async () => {
    for (let turn = 0; turn < 6; turn++) await nextTurn();
  };
  /** A runner that is trusted to wait: it has slept as it was told, four times. */
  const trusted = async (offer: Offer = anyTask) => {
    const peer = { destroyed: false };
    for (let round = 0; round < 4; round++) {
      const turn = await waiting.ask(offer, peer, new AbortController().signal);
      assert.ok("sleepMs" in turn);
      timers.advance(turn.sleepMs);
    }
    const call = new AbortController();
    return { peer, call, ask: () => waiting.ask(offer, peer, call.signal) };
  };
  return {
    jobs,
    timers,
    waiting,
    settle,
    trusted,
    submit: (...names: string[]) => jobs.submitJob(newJob(inTurn(names.map((name) => task(name))))),
    async [Symbol.asyncDispose]() {
      waiting.close();
      await under[Symbol.asyncDispose]();
    },
  };
}

const displayOf = (turn: Turn): string => ("task" in turn ? turn.task.display : `sleep ${turn.sleepMs}`);

/** Whether a promise is fulfilled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol();
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

describe("runners that wait", () => {
  test("are answered in the turn in which a task gets ready, as it is committed", async () => {
    await using open = await openWaiting();
    const runner = await open.trusted();
    const asked = runner.ask();
    await open.settle();
    assert.equal(await isSettled(asked), false);
    const submitted = open.submit("a");
    assert.equal(displayOf(await asked), "a");
    assert.equal((await submitted).name, "job");
  });

  test("are answered with idling after a second, and told to come back at once", async () => {
    await using open = await openWaiting();
    const runner = await open.trusted();
    const asked = runner.ask();
    await open.settle();
    open.timers.advance(999);
    await open.settle();
    assert.equal(await isSettled(asked), false);
    open.timers.advance(1);
    assert.equal(displayOf(await asked), "sleep 1");
  });

  test("share what comes: as many are woken as there are tasks, and each gets one", async () => {
    await using open = await openWaiting();
    const asked = [];
    for (let index = 0; index < 4; index++) asked.push((await open.trusted()).ask());
    await open.settle();
    await open.submit("a", "b");
    await open.settle();
    const answered = [];
    for (const one of asked) if (await isSettled(one)) answered.push(displayOf(await one));
    assert.deepEqual(answered.sort(), ["a", "b"]);
    await open.submit("c", "d");
    assert.deepEqual((await Promise.all(asked)).map(displayOf).sort(), ["a", "b", "c", "d"]);
  });

  test("are not woken by what they cannot run", async () => {
    await using open = await openWaiting();
    const runner = await open.trusted(offerOf(identifier("Other")));
    const asked = runner.ask();
    await open.submit("a");
    await open.settle();
    assert.equal(await isSettled(asked), false);
    await open.jobs.submitJob(newJob(inTurn([task("b", { identifier: identifier("Other") })])));
    assert.equal(displayOf(await asked), "b");
  });

  test("that go away leave nothing behind, also when a task had just been claimed for them", async () => {
    await using open = await openWaiting();
    const idle = await open.trusted();
    const waits = idle.ask();
    await open.settle();
    idle.call.abort(new Error("gone"));
    await assert.rejects(waits, /gone/);

    const late = await open.trusted();
    const claims = late.ask();
    await open.settle();
    const submitted = open.submit("a");
    await nextTurn();
    late.call.abort(new Error("gone"));
    await submitted;
    await claims.then(
      (turn) => assert.equal(displayOf(turn), "a"),
      (error: unknown) => assert.match(String(error), /gone/),
    );
    await open.settle();
    assert.equal(open.timers.pending, 0);
  });

  test("are all answered when the server closes, and nobody is held from then on", async () => {
    await using open = await openWaiting();
    const runner = await open.trusted();
    const asked = runner.ask();
    await open.settle();
    open.waiting.close();
    assert.equal(displayOf(await asked), "sleep 1");
    open.timers.advance(1);
    assert.match(displayOf(await runner.ask()), /^sleep/);
    await claimNothing(open.jobs);
  });
});
