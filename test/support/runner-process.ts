/** `workflow-release runner` as a process of its own, to be interrupted and killed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

export interface RunnerProcess extends AsyncDisposable {
  readonly pid: number;
  /** What it printed with --json so far. */
  readonly events: readonly { readonly kind: string; readonly [name: string]: unknown }[];
  /** Resolves once there is an event of the kind; fails after a minute, and when it ends before. */
  event(kind: string): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Its exit code, or the signal it ended with. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
  log(): string;
}

export function startRunnerProcess(options: {
  readonly url: string;
  readonly apiKey: string;
  readonly cluster: string;
  readonly dataFolder: string;
  readonly args?: readonly string[];
}): RunnerProcess {
  const { url, apiKey, cluster, dataFolder, args = [] } = options;
  const child = spawn(
    process.execPath,
    [cli, "runner", "--json", "--api-url", url, "--cluster", cluster, "--data", dataFolder, ...args],
    { env: { ...process.env, TILEBOX_API_KEY: apiKey }, stdio: ["ignore", "pipe", "pipe"] },
  );
  const events: RunnerProcess["events"][number][] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    events.push(JSON.parse(line));
    for (const look of [...waiting]) look();
  });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => {
    log += chunk;
  });
  const exited = once(child, "exit").then(([code, signal]) => signal ?? code);
  const shown = () => `${events.map(({ kind }) => kind).join(" ")}\n${log}`;
  return {
    pid: child.pid ?? 0,
    events,
    exited,
    log: () => log,
    signal: (name) => void child.kill(name),
    event: (kind) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`no ${kind} among: ${shown()}`)), 60_000);
        const look = (): void => {
          if (!events.some((event) => event.kind === kind)) return;
          clearTimeout(late);
          waiting.delete(look);
          resolve();
        };
        void exited.then(() => {
          clearTimeout(late);
          reject(new Error(`ended without ${kind}: ${shown()}`));
        });
        waiting.add(look);
        look();
      }),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await exited;
    },
  };
}
