/** A control plane process that comes back at the same address after it was killed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { freePort } from "./foreign-server.ts";

const cli = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

export interface FixedControlPlane extends AsyncDisposable {
  readonly url: string;
  /** Ends it as a crash does. */
  kill(): Promise<void>;
  /** Resolves when it serves. */
  start(): Promise<void>;
}

export async function createFixedControlPlane(dataFolder: string): Promise<FixedControlPlane> {
  const port = await freePort();
  let child: ReturnType<typeof spawn> | undefined;
  const kill = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  const start = async (): Promise<void> => {
    child = spawn(process.execPath, [cli, "serve", "--data", dataFolder, "--port", String(port), "--json"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (child.stdout === null) throw new Error("the control plane has no output");
    await once(createInterface({ input: child.stdout }), "line");
  };
  await start();
  return { url: `http://127.0.0.1:${port}`, kill, start, [Symbol.asyncDispose]: kill };
}
