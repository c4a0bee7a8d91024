/** Starts dist/index.js, and dist/post.js, as GitHub's runner (2.336) starts the scripts of a node24 action. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { actionInputs } from "../../src/action-contract.ts";
import { type GitHubEvent, repository } from "./github-events.ts";
import { parseCommands, parseFileCommand, type WorkflowCommand } from "./workflow-commands.ts";

const mainScript = fileURLToPath(new URL("../../dist/index.js", import.meta.url));
const postScript = fileURLToPath(new URL("../../dist/post.js", import.meta.url));

/** The runner's own steps on cancel. */
const interruptMs = 7_500;
const terminateMs = 2_500;

export interface ActionOptions {
  /** GITHUB_WORKSPACE: the checkout. */
  readonly workspace: string;
  readonly event: GitHubEvent;
  /** The step's `with:`. What it leaves out has its default of action.yml. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** The step's `env:`, and what a test wants to be different about the runner. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface ActionRun extends AsyncDisposable {
  readonly exitCode: number | null;
  /** What a person sees in the log, masking aside: all lines but those the runner swallows. */
  readonly log: string;
  readonly commands: readonly WorkflowCommand[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** RUNNER_TEMP and everything else the run could write outside the checkout. Removed on disposal. */
  readonly folder: string;
  readonly durationMs: number;
  /** How far the runner had to go to end it; undefined when it ended by itself. */
  readonly lastSignal: NodeJS.Signals | undefined;
  /** Runs the post step with the state that this one left, as the runner does at the end of the job. */
  post(): Promise<{ readonly exitCode: number | null; readonly log: string }>;
}

export interface RunningAction {
  readonly pid: number;
  readonly finished: Promise<ActionRun>;
  /** Does what the runner does when a job is cancelled: SIGINT, SIGTERM, SIGKILL. */
  cancel(): Promise<ActionRun>;
  /** Ends it as a machine that runs out of memory does. */
  kill(): Promise<ActionRun>;
}

export async function runAction(options: ActionOptions): Promise<ActionRun> {
  return await (await startAction(options)).finished;
}

export async function startAction(options: ActionOptions): Promise<RunningAction> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), "runner-"));
  const files = await createFiles(folder, options.event);
  const startedAtMs = performance.now();
  const env = stepEnvironment(options, folder, files);
  const { child, closed } = startScript(mainScript, options.workspace, env);
  const sent: NodeJS.Signals[] = [];
  const finished = closed.then(async ({ exitCode, log }): Promise<ActionRun> => {
    return {
      exitCode,
      log: shownLines(log),
      commands: parseCommands(log),
      outputs: parseFileCommand(await readFile(files.GITHUB_OUTPUT, "utf8")),
      summary: await readFile(files.GITHUB_STEP_SUMMARY, "utf8"),
      folder,
      durationMs: performance.now() - startedAtMs,
      lastSignal: sent.at(-1),
      post: async () => {
        const state = parseFileCommand(await readFile(files.GITHUB_STATE, "utf8"));
        const entries = Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]);
        const post = startScript(postScript, options.workspace, { ...env, ...Object.fromEntries(entries) });
        return await post.closed;
      },
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
    };
  });
  const kill = async () => {
    child.kill("SIGKILL");
    return await finished;
  };
  return { pid: child.pid ?? 0, finished, cancel: () => cancel(child, sent, finished), kill };
}

function startScript(script: string, cwd: string, env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [script], { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end();
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  const closed = once(child, "close").then(([exitCode]) => ({
    exitCode: exitCode as number | null,
    log: Buffer.concat(chunks).toString(),
  }));
  return { child, closed };
}

async function cancel(child: ChildProcess, sent: NodeJS.Signals[], finished: Promise<ActionRun>) {
  for (const [signal, waitMs] of [
    ["SIGINT", interruptMs],
    ["SIGTERM", terminateMs],
  ] as const) {
    sent.push(signal);
    child.kill(signal);
    const over = new AbortController();
    const run = await Promise.race([finished, sleep(waitMs, undefined, over)]);
    over.abort();
    if (run !== undefined) return run;
  }
  sent.push("SIGKILL");
  child.kill("SIGKILL");
  return await finished;
}

const fileCommands = [
  "GITHUB_OUTPUT",
  "GITHUB_STATE",
  "GITHUB_ENV",
  "GITHUB_PATH",
  "GITHUB_STEP_SUMMARY",
] as const;
type StepFiles = Record<(typeof fileCommands)[number] | "GITHUB_EVENT_PATH", string>;

async function createFiles(folder: string, event: GitHubEvent): Promise<StepFiles> {
  const path = (name: string) => join(folder, "commands", name);
  for (const name of ["commands", "temp", "tools"]) await mkdir(join(folder, name));
  for (const name of fileCommands) await writeFile(path(name), "");
  await writeFile(path("event.json"), JSON.stringify(event.payload));
  const files = Object.fromEntries(fileCommands.map((name) => [name, path(name)]));
  return { ...files, GITHUB_EVENT_PATH: path("event.json") } as StepFiles;
}

/**
 * What a machine gives to the runner and the runner to a step; nothing else of the process that tests.
 * Certificates and proxies are the machine's: without them uv has no network.
 */
const machineVariables =
  /^(?:PATH|HOME|USER|LANG|TZ|TMPDIR|TEMP|TMP|SHELL|SYSTEMROOT|WINDIR|COMSPEC|PATHEXT|USERPROFILE|APPDATA|LOCALAPPDATA|PROGRAMDATA|SSL_CERT_(?:FILE|DIR)|NODE_EXTRA_CA_CERTS|(?:HTTPS?|ALL|NO)_PROXY|XDG_CACHE_HOME|UV_(?:CACHE|PYTHON_INSTALL)_DIR)$/i;

function stepEnvironment({ workspace, event, inputs, env }: ActionOptions, folder: string, files: StepFiles) {
  const machine = Object.entries(process.env).filter(([name]) => machineVariables.test(name));
  // A default that is an expression has its value from the run; here there is neither a token nor a matrix.
  const defaults = Object.entries(actionInputs).map(([name, row]): [string, string] => [
    name,
    row.default.startsWith("${{") ? "" : row.default,
  ]);
  const given = Object.entries({ ...Object.fromEntries(defaults), ...inputs });
  return {
    ...Object.fromEntries(machine),
    ...Object.fromEntries(given.map(([name, value]) => [inputVariable(name), value])),
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_ACTION: "__run",
    GITHUB_ACTOR: "octocat",
    GITHUB_API_URL: "https://api.github.com",
    GITHUB_EVENT_NAME: event.name,
    GITHUB_GRAPHQL_URL: "https://api.github.com/graphql",
    GITHUB_JOB: "release",
    GITHUB_REPOSITORY: repository,
    GITHUB_REPOSITORY_OWNER: "acme",
    GITHUB_RETENTION_DAYS: "90",
    GITHUB_RUN_ATTEMPT: "1",
    GITHUB_RUN_ID: "4242",
    GITHUB_RUN_NUMBER: "42",
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_WORKFLOW: "Release",
    GITHUB_WORKSPACE: workspace,
    ...event.variables,
    ...files,
    RUNNER_ARCH: process.arch.toUpperCase(),
    RUNNER_ENVIRONMENT: "self-hosted",
    RUNNER_NAME: "runner",
    RUNNER_OS: { win32: "Windows", darwin: "macOS" }[process.platform as string] ?? "Linux",
    RUNNER_TEMP: join(folder, "temp"),
    RUNNER_TOOL_CACHE: join(folder, "tools"),
    ...env,
  };
}

/** The runner upper-cases an input's name and turns spaces into underscores; hyphens stay. */
function inputVariable(name: string): string {
  return `INPUT_${name.replaceAll(" ", "_").toUpperCase()}`;
}

function shownLines(log: string): string {
  return log
    .split(/\r?\n/)
    .filter((line) => !/^\s*::(?:add-mask|debug)[ :]/.test(line))
    .join("\n");
}
