import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { type RetryPolicy, retry } from "../../src/api/retry.ts";
import { SystemError } from "../../src/errors.ts";
import { errorOf } from "../support/errors.ts";

const policy: RetryPolicy = {
  attempts: 5,
  firstDelayMs: 100,
  delayFactor: 10,
  maxDelayMs: 5_000,
  totalMs: 20_000,
};

/** A clock that only waiting moves. */
function virtualTime(random = 0) {
  const waits: number[] = [];
  let nowMs = 1_000_000;
  return {
    waits,
    clock: () => nowMs,
    random: () => random,
    wait: async (ms: number, signal: AbortSignal | undefined) => {
      signal?.throwIfAborted();
      waits.push(ms);
      nowMs += ms;
    },
    advance: (ms: number) => {
      nowMs += ms;
    },
  };
}

function unavailable(retryAfter?: string) {
  const headers = retryAfter === undefined ? {} : { "retry-after": retryAfter };
  return new SystemError("api-unreachable", "no", {
    cause: new ConnectError("no", Code.Unavailable, headers),
  });
}

const always = { policy, mayRepeat: () => true, signal: undefined };

describe("retry", () => {
  it("answers with the first success", async () => {
    const time = virtualTime();
    let calls = 0;
    const work = async () => {
      calls++;
      if (calls < 3) throw unavailable();
      return "done";
    };
    assert.equal(await retry(work, always, time), "done");
    assert.deepEqual(time.waits, [50, 500]);
  });

  it("backs off up to the longest delay and gives up after the attempts", async () => {
    const time = virtualTime(0.5);
    const error = unavailable();
    await assert.rejects(
      retry(async () => Promise.reject(error), always, time),
      (thrown) => thrown === error,
    );
    assert.deepEqual(time.waits, [75, 750, 3_750, 3_750]);
  });

  it("does not repeat what may not be repeated", async () => {
    const time = virtualTime();
    const options = { ...always, mayRepeat: () => false };
    await assert.rejects(
      retry(async () => Promise.reject(unavailable()), options, time),
      errorOf("api-unreachable"),
    );
    assert.deepEqual(time.waits, []);
  });

  it("waits as long as Retry-After says, in seconds or as a date", async () => {
    const time = virtualTime();
    const answers = ["7", new Date(1_000_000 + 7_000 + 9_000).toUTCString()];
    const work = async () => {
      const retryAfter = answers.shift();
      if (retryAfter !== undefined) throw unavailable(retryAfter);
      return "done";
    };
    assert.equal(await retry(work, always, time), "done");
    assert.deepEqual(time.waits, [7_000, 9_000]);
  });

  it("gives up at once when Retry-After leads beyond the total limit", async () => {
    const time = virtualTime();
    await assert.rejects(
      retry(async () => Promise.reject(unavailable("21")), always, time),
      errorOf("api-unreachable"),
    );
    assert.deepEqual(time.waits, []);
  });

  it("counts the time of the attempts themselves", async () => {
    const time = virtualTime();
    const work = async () => {
      time.advance(15_000);
      throw unavailable("6");
    };
    await assert.rejects(retry(work, always, time), errorOf("api-unreachable"));
    assert.deepEqual(time.waits, []);
  });

  it("ignores a Retry-After that makes no sense", async () => {
    const time = virtualTime();
    let calls = 0;
    const work = async () => {
      calls++;
      if (calls === 1) throw unavailable("soon");
      return calls;
    };
    assert.equal(await retry(work, always, time), 2);
    assert.deepEqual(time.waits, [50]);
  });

  it("stops waiting when it is told to, with the last error", async () => {
    const controller = new AbortController();
    const time = virtualTime();
    const work = async () => {
      controller.abort();
      throw unavailable();
    };
    const options = { ...always, signal: controller.signal };
    await assert.rejects(retry(work, options, time), errorOf("api-unreachable"));
    assert.deepEqual(time.waits, []);
  });
});
