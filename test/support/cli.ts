/** Runs dist/cli.js as a person or a script does. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Socket } from "node:net";
import { createInterface } from "node:readline/promises";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const entry = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

export interface CliRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const child = start(args, options);
  const closed = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [exitCode] = await closed;
  return { exitCode, stdout, stderr };
}

/** What a command answers with --json. Throws with its stderr when it fails. */
export async function cliJson<T>(args: readonly string[], options: CliOptions = {}): Promise<T> {
  const { exitCode, stdout, stderr } = await runCli([...args, "--json"], options);
  if (exitCode !== 0) throw new Error(`workflow-release ${args.join(" ")} ended with ${exitCode}\n${stderr}`);
  return JSON.parse(stdout) as T;
}

export interface ServedControlPlane extends AsyncDisposable {
  /** http://127.0.0.1:PORT */
  readonly url: string;
  readonly dataFolder: string;
  /** What it wrote to stderr so far. */
  log(): string;
  /** Ends it as Ctrl+C does and returns its exit code. */
  stop(): Promise<number | null>;
}

/** `workflow-release serve` on a free port, ready to be called. */
export async function serveControlPlane(
  dataFolder: string,
  args: readonly string[] = [],
): Promise<ServedControlPlane> {
  const child = start(["serve", "--data", dataFolder, "--port", "0", "--json", ...args], {});
  const exited = once(child, "exit");
  // A test or demo that breaks off must neither leave it behind nor wait for it.
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => {
    log += chunk;
  });
  const gone = exited.then(([code]) => {
    throw new Error(`workflow-release serve ended with ${code}\n${log}`);
  });
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), "line"), gone]);
  gone.catch(() => {}); // It ends sooner or later; only while it starts is that a failure.
  const hold = (what: "ref" | "unref") => {
    child[what]();
    for (const pipe of [child.stdout, child.stderr]) if (pipe instanceof Socket) pipe[what]();
  };
  hold("unref");
  const stop = async () => {
    hold("ref");
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGINT");
    const [exitCode] = await exited;
    return exitCode as number | null;
  };
  const { url } = JSON.parse(String(line)) as { readonly url: string };
  return {
    url,
    dataFolder,
    log: () => log,
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

function start(args: readonly string[], { cwd, env }: CliOptions) {
  return spawn(process.execPath, [entry, ...args], {
    cwd,
    // What the user of this machine has built before must not show in a test.
    env: { ...process.env, WORKFLOW_RELEASE_CACHE: "off", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}
