import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createWatchdog } from "../../src/worker/watchdog.ts";
import { processTree } from "../support/process-list.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { assertRemoved } from "../support/workers.ts";

describe("the watchdog", () => {
  it("makes folders that only we can enter, and removes them when it is told", async () => {
    await using scratch = await createScratchFolder();
    const watchdog = createWatchdog();
    const folder = await watchdog.makeFolder(scratch.path);
    if (process.platform !== "win32") assert.equal(statSync(folder).mode & 0o777, 0o700);
    await mkdir(join(folder, "a", "b"), { recursive: true });
    await writeFile(join(folder, "a", "b", "c"), "");
    const kept = await watchdog.makeFolder(scratch.path);
    watchdog.removeFolder(folder);
    await assertRemoved(folder);
    assert.equal(existsSync(kept), true);
    watchdog.removeFolder(kept);
    await assertRemoved(kept);
  });

  it("is started anew after it was killed, and then still knows what it guards and owns", async () => {
    await using scratch = await createScratchFolder();
    const watchdog = new URL("../../src/worker/watchdog.ts", import.meta.url).href;
    const program = `
      import { createWatchdog } from ${JSON.stringify(watchdog)};
      import { spawn } from "node:child_process";
      const watchdog = createWatchdog();
      const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true, stdio: "ignore" });
      await watchdog.guard(child.pid, "no process has this marker");
      console.log(child.pid, await watchdog.makeFolder(${JSON.stringify(scratch.path)}));
      process.stdin.once("data", async () => console.log(await watchdog.makeFolder(${JSON.stringify(scratch.path)})));
    `;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const said = async () => String((await once(parent.stdout, "data"))[0]).trim();
    const [child = "", folder = ""] = (await said()).split(" ");
    for (const dog of processTree(parent.pid ?? 0).filter((seen) =>
      seen.commandLine.includes("killProcessTree"),
    ))
      if (dog.pid !== parent.pid) process.kill(dog.pid, "SIGKILL");
    await delay(200);
    parent.stdin.write("go on\n");
    const second = await said();
    parent.kill("SIGKILL");
    await assertRemoved(folder);
    await assertRemoved(second);
    const deadline = Date.now() + 5_000;
    while (isAlive(Number(child))) {
      assert.ok(Date.now() < deadline, "the guarded process is still alive");
      await delay(20);
    }
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
