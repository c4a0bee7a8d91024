/** Runs src/cli.ts as it is, where a test need not wait for dist to be built. */
import { execFile } from "node:child_process";
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
