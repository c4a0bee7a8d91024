/** Runs a workflow file under act in host mode: the real action.yml and dist/, GitHub's own expression rules. */
import { execFile } from "node:child_process";
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type GitHubEvent, repository } from "./github-events.ts";
import { createScratchFolder } from "./scratch-folder.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** `uses:` of this action in the documented workflows. */
export const documentedAction = "your-org/workflow-release@v1";

export interface ActOptions {
  /** A git repository with a commit; the event says which. */
  readonly repositoryFolder: string;
  /** The workflow file's text. */
  readonly workflow: string;
  readonly event: GitHubEvent;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

export interface ActRun {
  readonly exitCode: number;
  /** What act printed, masked as GitHub masks. */
  readonly log: string;
  /** Of all steps together. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** The main stage of each step that ran, by its name or its `uses:`. */
  readonly steps: Readonly<Record<string, string>>;
}

export async function runAct(options: ActOptions): Promise<ActRun> {
  await using scratch = await createScratchFolder({
    "event.json": JSON.stringify(options.event.payload),
    "workflow.yml": options.workflow,
    // Nobody here can reach GitHub for the real one; uv is on PATH already.
    "setup-uv/action.yml": [
      "name: setup-uv",
      "description: Stands for astral-sh/setup-uv",
      "inputs: { enable-cache: { description: Not used } }",
      "runs:",
      "  using: composite",
      "  steps: [{ run: uv --version, shell: bash }]",
      "",
    ].join("\n"),
  });
  const action = join(scratch.path, "action");
  await mkdir(action);
  for (const part of ["action.yml", "package.json", "dist"]) {
    await cp(join(root, part), join(action, part), { recursive: true });
  }
  const setupUv = /astral-sh\/setup-uv@\w+/.exec(options.workflow)?.[0];
  const replaced = {
    [documentedAction]: action,
    ...(setupUv && { [setupUv]: join(scratch.path, "setup-uv") }),
  };
  const { GITHUB_SHA: _, ...variables } = options.event.variables;
  const { exitCode, log } = await act(options.repositoryFolder, scratch.path, [
    options.event.name,
    ...["-P", "ubuntu-latest=-self-hosted", "--pull=false", "--no-cache-server", "--rm", "--json"],
    ...["-W", join(scratch.path, "workflow.yml"), "-e", join(scratch.path, "event.json")],
    ...pairs(
      "--local-repository",
      mapKeys(replaced, (uses) => `https://github.com/${uses}`),
    ),
    ...pairs("-s", options.secrets ?? {}),
    ...pairs("--env", { GITHUB_REPOSITORY: repository, ...variables, ...options.env }),
  ]);
  return { exitCode, ...read(log) };
}

async function act(cwd: string, home: string, args: readonly string[]) {
  const env = { ...process.env, XDG_CACHE_HOME: join(home, "cache"), XDG_CONFIG_HOME: join(home, "config") };
  return await new Promise<{ exitCode: number; log: string }>((resolve) => {
    execFile("act", args, { cwd, env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ exitCode, log: `${stdout}${stderr}${exitCode === -1 ? error : ""}` });
    });
  });
}

interface ActLine {
  readonly msg?: string;
  readonly command?: string;
  readonly name?: string;
  readonly arg?: string;
  readonly content?: string;
  readonly stage?: string;
  readonly step?: string;
  readonly stepResult?: string;
}

function read(text: string): Omit<ActRun, "exitCode"> {
  const lines = text.split("\n").map((line): ActLine => {
    return line.startsWith("{") ? (JSON.parse(line) as ActLine) : { msg: line };
  });
  const outputs: Record<string, string> = {};
  const steps: Record<string, string> = {};
  for (const { command, name, arg, stage, step, stepResult } of lines) {
    if (command === "set-output" && name !== undefined) outputs[name] = arg ?? "";
    if (stage === "Main" && step !== undefined && stepResult !== undefined) steps[step] = stepResult;
  }
  return {
    log: lines.map(({ msg }) => msg?.trimEnd()).join("\n"),
    outputs,
    summary: lines.flatMap(({ command, content }) => (command === "summary" ? [content] : [])).join(""),
    steps,
  };
}

function pairs(flag: string, values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`]);
}

function mapKeys(values: Readonly<Record<string, string>>, change: (key: string) => string) {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [change(key), value]));
}
