import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

/** `workflow-release serve` without keys, for tests that stop it. */
export class ServeProcess implements AsyncDisposable {
  readonly #child;
  readonly #exited;
  readonly url: string;

  private constructor(args: readonly string[], port: number) {
    this.url = `http://127.0.0.1:${port}`;
    this.#child = spawn(
      process.execPath,
      [cli, "serve", "--no-auth", "--port", String(port), "--json", ...args],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    this.#exited = once(this.#child, "exit");
  }

  /** Fulfilled when it serves. */
  static async start(args: readonly string[], port: number): Promise<ServeProcess> {
    const served = new ServeProcess(args, port);
    const answer = once(served.#child.stdout, "data");
    const ended = served.#exited.then(([code]) => assert.fail(`serve ended with ${code}`));
    await Promise.race([answer, ended]);
    return served;
  }

  stop(signal: "SIGTERM" | "SIGINT" = "SIGTERM"): void {
    this.#child.kill(signal);
  }

  /** [exit code, null], or [null, the signal that ended it]. */
  async ended(): Promise<[code: number | null, signal: string | null]> {
    return (await this.#exited) as [number | null, string | null];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGKILL");
    await this.#exited;
  }
}
