/** Runs src/cli.ts as it is, where a test need not wait for dist to be built. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

export interface SourceRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function runSource(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<SourceRun> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [cli, ...args],
      { env: { ...process.env, ...env } },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        resolve({ exitCode: typeof code === "number" ? code : -1, stdout, stderr });
      },
    );
  });
}

export interface ServedSource extends AsyncDisposable {
  readonly url: string;
  /** What it announced. */
  readonly announced: Readonly<Record<string, unknown>>;
}

/** `workflow-release serve` on a free port. */
export async function serveSource(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ServedSource> {
  const child = spawn(process.execPath, [cli, "serve", "--port", "0", "--json", ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const gone = exited.then(([code]) => {
    throw new Error(`serve ended with ${code}`);
  });
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), "line"), gone]);
  gone.catch(() => {}); // It ends sooner or later; only while it starts is that a failure.
  const announced = JSON.parse(String(line));
  return {
    url: announced.url,
    announced,
    async [Symbol.asyncDispose]() {
      child.kill("SIGINT");
      await exited;
    },
  };
}
