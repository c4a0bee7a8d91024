/**
 * Whatever happens to the process that started a worker, nothing of the worker is alive five seconds later.
 * Processes are looked for in /proc: elsewhere than on Linux these tests see only that nothing hangs.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { processTree, type SeenProcess } from "../support/process-list.ts";
import { createScratchProject, type ScratchProject } from "../support/scratch-project.ts";
import { assertNothingLeft, assertRemoved, start } from "../support/workers.ts";

const parentProgram = fileURLToPath(new URL("../support/worker-parent-main.ts", import.meta.url));

/** Each has an environment of its own, so that what is left can be told apart. */
const lanes = 2;
const instants = 20;

describe("the process that started a worker dies", { concurrency: 2 }, () => {
  const projects: ScratchProject[] = [];

  before(async () => {
    for (let lane = 0; lane < lanes; lane++) {
      const project = await createScratchProject("mischief");
      projects.push(project);
      await (await start(project.folder, "mischief:runner")).stop({ graceMs: 5_000, terminateMs: 1_000 });
    }
  });

  after(async () => {
    for (const project of projects) await project[Symbol.asyncDispose]();
  });

  it("by SIGKILL, SIGTERM or SIGINT, with children of the worker in the group, outside it and orphaned", async () => {
    await using project = await createScratchProject("mischief");
    for (const signal of ["SIGKILL", "SIGTERM", "SIGINT"] as const) {
      const parent = launchParent(project.folder, "families:runner");
      await saying(parent, "ready");
      const before = processTree(parent.pid ?? 0);
      if (process.platform === "linux")
        assert.ok(before.length >= 4, "the parent, its watchdog, uv, Python and its child");
      parent.kill(signal);
      await assertNothingLeft(project.folder);
      if (process.platform === "linux") await assertRemoved(runtimeFolderOf(before));
      await assertGone(before.map(({ pid }) => pid));
    }
  });

  for (let lane = 0; lane < lanes; lane++) {
    it(`by SIGKILL at any instant of the worker's start (${lane + 1} of ${lanes})`, async () => {
      const folder = projects[lane]?.folder ?? "";
      for (let instant = lane; instant < instants; instant += lanes) {
        const parent = launchParent(folder, "families:runner");
        await saying(parent, "starting");
        await delay(instant * 40);
        parent.kill("SIGKILL");
        await assertNothingLeft(folder);
      }
    });
  }
});

function launchParent(folder: string, objectPath: string): ChildProcess {
  return spawn(process.execPath, [parentProgram, folder, objectPath], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function saying(parent: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    parent.stdout?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(word)) resolve();
    });
    parent.once("exit", () => reject(new Error(`the parent ended before it said ${word}: ${said}`)));
  });
}

function runtimeFolderOf(processes: readonly SeenProcess[]): string {
  const found = processes.map(({ environment }) => /TILEBOX_RUNTIME_DIR=([^\0]+)/.exec(environment)?.[1]);
  return found.find((folder) => folder !== undefined) ?? "";
}

/** The watchdog does not name the folder, but it was a child. */
async function assertGone(pids: readonly number[]): Promise<void> {
  const deadline = Date.now() + 5_000;
  const alive = () =>
    pids.filter((pid) => processTree(pid).some((seen) => seen.pid === pid && seen.commandLine));
  while (alive().length > 0) {
    assert.ok(Date.now() < deadline, `still alive: ${alive().join(" ")}`);
    await delay(20);
  }
}
