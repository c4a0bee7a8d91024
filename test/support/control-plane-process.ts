import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("control-plane-main.ts", import.meta.url));
const cli = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

const compileCache = fileURLToPath(new URL("../../.cache/node-compile/", import.meta.url));

export interface ControlPlaneProcess extends AsyncDisposable {
  /** http://127.0.0.1:PORT */
  readonly url: string;
  readonly pid: number;
  /** From the start of the process to its URL: that is when it serves. */
  readonly startMs: number;
  /** Ends it as a crash does; fulfilled when it is gone. */
  kill(): Promise<void>;
  isRunning(): boolean;
  /** For SIGSTOP and the like. */
  signal(signal: NodeJS.Signals): void;
}

/** A bucket instead of the folder, and where what it reports goes. */
export interface ProcessPlace {
  readonly artifacts?: { readonly location: string; readonly env: Readonly<Record<string, string>> };
  /** A file that is appended to. */
  readonly log?: string;
}

/** Starts a control plane over the data folder and waits until it listens. What it reports goes to stderr. */
export async function startControlPlaneProcess(
  dataFolder: string,
  auth: "keys" | "none",
  database?: string,
  { artifacts, log }: ProcessPlace = {},
): Promise<ControlPlaneProcess> {
  const shared = [database, artifacts?.location].filter((place) => place !== undefined);
  return await start([main, dataFolder, auth, ...shared], {
    env: artifacts?.env ?? {},
    // Who brings a database takes it away, and expects what is reported then.
    output: log === undefined ? (database === undefined ? "inherit" : "ignore") : { appendTo: log },
    urlOf: (line) => line,
  });
}

/** `serve --no-auth` from source, as a service manager starts it on one of several machines. */
export async function startServeProcess(
  database: string,
  { artifacts, log }: Required<ProcessPlace>,
): Promise<ControlPlaneProcess> {
  return await start([cli, "serve", "--no-auth", "--port", "0", "--json"], {
    env: {
      ...artifacts.env,
      WORKFLOW_RELEASE_DATABASE: database,
      WORKFLOW_RELEASE_ARTIFACTS: artifacts.location,
    },
    output: { appendTo: log },
    urlOf: announcedUrl,
  });
}

/** Where it could not start, it says why in the same place. */
function announcedUrl(line: string): string {
  const { url } = JSON.parse(line);
  if (typeof url !== "string") throw new Error(`serve did not start: ${line}`);
  return url;
}

interface StartOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Where stderr goes. */
  readonly output: "inherit" | "ignore" | { readonly appendTo: string };
  /** From the first line of stdout. */
  readonly urlOf: (line: string) => string;
}

async function start(
  args: readonly string[],
  { env, output, urlOf }: StartOptions,
): Promise<ControlPlaneProcess> {
  const startedAtMs = performance.now();
  const logFile = typeof output === "string" ? undefined : openSync(output.appendTo, "a");
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", logFile ?? (output === "inherit" ? "inherit" : "ignore")],
    env: { ...process.env, ...env, NODE_COMPILE_CACHE: compileCache },
  });
  if (logFile !== undefined) closeSync(logFile);
  const exited = once(child, "exit");
  try {
    const url = urlOf(await firstLine(child, exited));
    return {
      url,
      pid: child.pid ?? 0,
      startMs: performance.now() - startedAtMs,
      kill: () => end(child, "SIGKILL", exited),
      isRunning: () => child.exitCode === null && child.signalCode === null,
      signal: (signal) => void child.kill(signal),
      [Symbol.asyncDispose]: () => end(child, "SIGTERM", exited),
    };
  } catch (error) {
    await end(child, "SIGKILL", exited);
    throw error;
  }
}

async function firstLine(child: ChildProcess, exited: Promise<unknown[]>): Promise<string> {
  if (child.stdout === null) throw new Error("the control plane has no output");
  const lines = createInterface({ input: child.stdout });
  const gone = exited.then(([code, signal]) => {
    throw new Error(`the control plane ended before it listened: ${code ?? signal}`);
  });
  const [line] = await Promise.race([once(lines, "line"), gone]);
  return String(line);
}

async function end(child: ChildProcess, signal: NodeJS.Signals, exited: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await exited;
}
