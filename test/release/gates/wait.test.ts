import assert from "node:assert/strict";
import { test } from "node:test";
import { SystemError, UserError } from "../../../src/errors.ts";
import { GateFailed } from "../../../src/release/gates/gate-failed.ts";
import { type Look, waitUntil } from "../../../src/release/gates/wait.ts";
import { VirtualWorld } from "../../support/virtual-world.ts";

function wait(look: (world: VirtualWorld) => Promise<Look<string>>, signal = new AbortController().signal) {
  const world = new VirtualWorld(0);
  const lines: string[] = [];
  const log = {
    info: (line: string) => void lines.push(`${Math.round(world.clock() / 100) / 10}${line}`),
    notice: assert.fail,
    warning: assert.fail,
    group: assert.fail,
  };
  const ended = waitUntil(
    { title: "dev ready", untilMs: 60_000, look: () => look(world) },
    { world, log, signal },
  );
  return { ended, lines, world };
}

const waiting = (what: string): Look<string> => ({ kind: "waiting", for: what, reason: "no-runner" });

test("it says what it waits for when that changes, and every fifteen seconds", async () => {
  const { ended, lines } = wait(async ({ clock }) => {
    if (clock() >= 40_000) return { kind: "done", value: "there" };
    return waiting(clock() < 20_000 ? "a runner" : "the runner to load it");
  });
  assert.equal(await ended, "there");
  assert.deepEqual(
    lines.map((line) => line.replace(/^\d+(?:\.\d)?/, (seconds) => `${Math.floor(Number(seconds))} s`)),
    [
      "0 s  dev ready: waiting for a runner, 1 min 0 s left",
      "16 s  dev ready: waiting for a runner, 43.1 s left",
      "20 s  dev ready: waiting for the runner to load it, 39.1 s left",
      "36 s  dev ready: waiting for the runner to load it, 23.1 s left",
    ],
  );
});

test("what changes all the time is said once a second", async () => {
  let looks = 0;
  const { ended, lines } = wait(async ({ clock }) => {
    looks++;
    return clock() >= 1_500 ? { kind: "done", value: "" } : waiting(`task ${looks}`);
  });
  await ended;
  assert.equal(lines.length, 2);
});

test("when the time is over, what was waited for is the reason", async () => {
  const { ended, world } = wait(async () => waiting("a runner"));
  await assert.rejects(
    ended,
    (error) =>
      error instanceof GateFailed &&
      error.reason === "no-runner" &&
      error.message === "there was no time left to wait for a runner",
  );
  assert.equal(world.clock(), 60_000);
});

test("a control plane that does not answer is waited for, one that refuses is not", async () => {
  const outage = wait(async ({ clock }) => {
    if (clock() < 30_000) throw new SystemError("api-unreachable", "plane:1 cannot be reached");
    return { kind: "done", value: "back" };
  });
  assert.equal(await outage.ended, "back");
  assert.match(
    outage.lines[0] ?? "",
    /waiting for an answer of the control plane \(plane:1 cannot be reached\)/,
  );

  const down = wait(async () => {
    throw new SystemError("api-unreachable", "plane:1 cannot be reached");
  });
  await assert.rejects(down.ended, { reason: "control-plane-failed" });

  const refusal = new UserError("permission-denied", "The key may not list runners");
  const refused = wait(async () => {
    throw refusal;
  });
  await assert.rejects(refused.ended, {
    reason: "control-plane-failed",
    message: refusal.message,
    cause: refusal,
  });
  assert.equal(refused.world.clock(), 0);
});

test("an abort ends a wait with its own reason, and a defect is none of a gate's failures", async () => {
  const abort = new AbortController();
  const reason = new SystemError("interrupted", "stopped");
  const { ended } = wait(async ({ clock }) => {
    if (clock() > 1_000) abort.abort(reason);
    return waiting("a runner");
  }, abort.signal);
  await assert.rejects(ended, reason);
  const defect = new TypeError("undefined is no function");
  await assert.rejects(
    wait(async () => {
      throw defect;
    }).ended,
    defect,
  );
});
