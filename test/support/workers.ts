/** Starts real workers of a scratch project, and tells what of them is still alive. */
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { type Task, TaskSchema } from "../../src/api/gen/workflows/v1/core_pb.ts";
import type { StartLimits } from "../../src/worker/start-failure.ts";
import { type StartOptions, type StartOutcome, startWorker } from "../../src/worker/start-worker.ts";
import { createWatchdog } from "../../src/worker/watchdog.ts";
import type { Worker } from "../../src/worker/worker.ts";
import { processesWith } from "./process-list.ts";

/** Generous: other tests share the machine. What is to be too slow in a test sets its own. */
export const testLimits: StartLimits = { environmentMs: 120_000, importMs: 60_000 };

const watchdog = createWatchdog();

/** Starts `module:object` in a folder as a release's worker; whatever is in `changes` replaces the usual. */
export function tryStart(
  folder: string,
  objectPath: string,
  changes: Partial<StartOptions> = {},
): Promise<StartOutcome> {
  return startWorker({
    entrypoint: { kind: "runner", objectPath },
    folder,
    locked: true,
    environment: process.env,
    limits: testLimits,
    watchdog,
    signal: new AbortController().signal,
    onProgress: () => {},
    ...changes,
  });
}

/** The same, for a worker that must come up. */
export async function start(
  folder: string,
  objectPath: string,
  changes: Partial<StartOptions> = {},
): Promise<Worker> {
  const outcome = await tryStart(folder, objectPath, changes);
  assert.equal(outcome.kind, "started", JSON.stringify(outcome, undefined, 2));
  return outcome.worker;
}

/** A task as a control plane hands it out. Input: nothing for no fields, a bare value for one, an object for more. */
export function taskOf(name: string, input?: unknown, version = "v0.0"): Task {
  return create(TaskSchema, {
    id: { uuid: randomBytes(16) },
    identifier: { name, version },
    display: name,
    input: input === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(input)),
    job: { id: { uuid: randomBytes(16) }, name: randomUUID(), traceParent: "" },
  });
}

/** Waits until no process names the folder in its command line or environment; fails after `withinMs` with those that do. */
export async function assertNothingLeft(folder: string, withinMs = 5_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const left = processesWith(folder);
    if (left.length === 0) return;
    const shown = left.map(({ pid, commandLine }) => `${pid} ${commandLine.replaceAll("\0", " ")}`);
    assert.ok(Date.now() < deadline, `still alive:\n${shown.join("\n")}`);
    await delay(20);
  }
}

/** Waits until a temporary folder is gone: the watchdog removes it in its own time. */
export async function assertRemoved(folder: string, withinMs = 5_000): Promise<void> {
  assert.notEqual(folder, "");
  const deadline = Date.now() + withinMs;
  while (existsSync(folder)) {
    assert.ok(Date.now() < deadline, `${folder} is still there`);
    await delay(20);
  }
}
