export interface GitAnswer {
  /** 0 for success; -1 when git could not be started or was ended. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface GitOptions {
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Handed over by the environment: credentials stay out of the process list. */
  readonly configuration?: readonly (readonly [name: string, value: string])[];
}

export type Git = (args: readonly string[], options: GitOptions) => Promise<GitAnswer>;

/** Runs git without asking anybody anything. Never throws. */
export const runGit: Git = (args, { folder, signal, configuration = [] }) => {
  // A replaced object would change the history that is asked about.
  const fixed = ["--no-replace-objects", "-c", "gc.auto=0"];
  const handedOver = configuration.flatMap(([name, value], i) => [
    [`GIT_CONFIG_KEY_${i}`, name],
    [`GIT_CONFIG_VALUE_${i}`, value],
  ]);
  const count = configuration.length === 0 ? {} : { GIT_CONFIG_COUNT: String(configuration.length) };
  const settings = { GIT_TERMINAL_PROMPT: "0", LC_ALL: "C", ...count, ...Object.fromEntries(handedOver) };
  const env = { ...process.env, ...settings };
  return new Promise((resolve) => {
    process
      .getBuiltinModule("node:child_process")
      .execFile(
        "git",
        [...fixed, ...args],
        { cwd: folder, env, signal, maxBuffer: 16 * 1024 * 1024 },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
          resolve({ code, stdout, stderr: stderr || (error?.message ?? "") });
        },
      );
  });
};

export interface Remote {
  readonly url: string;
  /** What the checkout needs to reach it: credentials, proxies, an SSH command. */
  readonly configuration: readonly (readonly [name: string, value: string])[];
}

/** The checkout's origin, for a repository beside it; undefined where there is none. */
export async function readRemote(git: Git, folder: string, signal: AbortSignal): Promise<Remote | undefined> {
  const remote = await git(["remote", "get-url", "origin"], { folder, signal });
  if (remote.code !== 0) return undefined;
  const settings = await git(["config", "--null", "--get-regexp", transportSettings], { folder, signal });
  return { url: remote.stdout.trim(), configuration: readSettings(settings.stdout) };
}

const transportSettings = "^(http\\..*|core\\.sshcommand|credential\\..*|url\\..*\\.insteadof)$";

/** Of `git config --null`: a name, a newline, the value, a NUL. */
function readSettings(output: string): [string, string][] {
  return output
    .split("\0")
    .filter((entry) => entry.includes("\n"))
    .map((entry) => {
      const end = entry.indexOf("\n");
      return [entry.slice(0, end), entry.slice(end + 1)];
    });
}
