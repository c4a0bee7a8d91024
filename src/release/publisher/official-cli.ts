/** Publishing through `tilebox`, the hosted service's own program, from what its documents say about it. */
import { stripVTControlCharacters } from "node:util";
import type { Build } from "../../build/build.ts";
import { type Problem, SystemError, UserError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { inheritable, withoutSecrets } from "../../worker/environment.ts";
import { findExecutable } from "../../worker/executable.ts";
import { contentDifferences } from "./content-differences.ts";
import { parsePublishAnswer } from "./publish-answer.ts";
import type { Publisher } from "./publisher.ts";
import { type ProgramRun, runProgram } from "./run-program.ts";

export interface CliLimits {
  /** For `--version` and `agent-context`, which ask nobody. */
  readonly askMs: number;
  /** It installs the project's dependencies, starts the worker and uploads. */
  readonly publishMs: number;
}

const cliLimits: CliLimits = { askMs: 60_000, publishMs: 10 * 60_000 };

interface CliOptions {
  readonly target: { readonly url: string; readonly apiKey: string | undefined };
  readonly projectFolder: string;
  readonly digestNow: () => Promise<string>;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly limits?: CliLimits;
}

const publishCommand = ["workflow", "publish-release"];

/**
 * Finds `tilebox` on PATH and asks for its version and for whether it can publish.
 * @throws UserError cli-missing, cli-too-old; SystemError cli-timeout
 */
export async function createCliPublisher(options: CliOptions): Promise<Publisher> {
  const { env, projectFolder, log, limits = cliLimits } = options;
  const program = await findExecutable("tilebox", projectFolder, env);
  if (program === undefined) {
    const message = "The server takes no artifacts itself, and its CLI, tilebox, is not on PATH";
    throw new UserError("cli-missing", message);
  }
  const run = (args: readonly string[], limitMs: number) => runCli(program, args, limitMs, options);
  const version = redacted(await readVersion(run, limits.askMs), options);
  const name = `tilebox ${version}`;
  log.info(`Publishing with ${name} (${program})`);
  // An older one does not know the command; asking is documented, and publishes nothing.
  const described = await run(["agent-context", ...publishCommand, "--output-schema"], limits.askMs);
  if (described.exitCode !== 0) {
    throw new UserError("cli-too-old", `${name} has no ${publishCommand.join(" ")}`, {
      problems: lastLines(described, options),
    });
  }
  return {
    name,
    async publish(build) {
      const args = ["--api-url", options.target.url, ...publishCommand, "--json"];
      const published = await run(args, limits.publishMs);
      const record = readAnswer(published, build, name, options);
      await requireUnchanged(build, options);
      return record;
    },
  };
}

type RunCli = (args: readonly string[], limitMs: number) => Promise<ProgramRun>;

async function readVersion(run: RunCli, limitMs: number): Promise<string> {
  const { exitCode, stdout } = await run(["--version"], limitMs);
  const line = stripVTControlCharacters(stdout).trim().split("\n")[0]?.trim() ?? "";
  if (exitCode !== 0 || line === "") return "of an unknown version";
  return line.replace(/^tilebox (?:version )?/, "").slice(0, 100);
}

async function runCli(
  program: string,
  args: readonly string[],
  limitMs: number,
  { env, target, projectFolder: folder, signal }: CliOptions,
): Promise<ProgramRun> {
  const result = await runProgram({
    program,
    args,
    folder,
    limitMs,
    signal,
    env: cliEnvironment(env, target),
  });
  if (!result.timedOut) return result;
  throw new SystemError("cli-timeout", `tilebox ${commandOf(args)} did not end within ${limitMs / 1000} s`);
}

/** It runs the project's code as our own worker does, so it gets what that gets, and the key. */
function cliEnvironment(
  env: NodeJS.ProcessEnv,
  { apiKey }: CliOptions["target"],
): Readonly<Record<string, string>> {
  const kept = Object.entries(inheritable(withoutSecrets(env))).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return { ...Object.fromEntries(kept), ...(apiKey === undefined ? {} : { TILEBOX_API_KEY: apiKey }) };
}

function readAnswer(run: ProgramRun, build: Build, name: string, options: CliOptions) {
  if (run.exitCode !== 0) throw publishFailed(run, name, options);
  const parsed = parsePublishAnswer(run.stdout);
  if (!parsed.ok) {
    throw new UserError(
      "cli-answer-invalid",
      `${name} answered publish-release with something else than a release`,
      {
        problems: parsed.problems.map((message) => ({ message: redacted(message, options) })),
      },
    );
  }
  const { answer } = parsed;
  const differences = contentDifferences(build, answer);
  if (differences.length > 0) {
    const message = `Release ${answer.id}, which ${name} published, has other content than the build; it was not deployed`;
    throw new UserError("cli-content-differs", message, {
      problems: differences.map((difference) => ({ message: difference })),
    });
  }
  return { id: answer.id, fingerprint: answer.fingerprint, digest: undefined };
}

/** It reads the files itself, after us, and says nothing of what is in them. */
async function requireUnchanged({ slug, digest }: Build, { digestNow }: CliOptions): Promise<void> {
  if ((await digestNow()) === digest) return;
  throw new SystemError("files-changed", `The files of ${slug} changed while tilebox published them`, {
    next: "Run again while nothing writes into the project; what was published was not deployed.",
  });
}

function publishFailed(run: ProgramRun, name: string, options: CliOptions): UserError {
  const problems = lastLines(run, options);
  const said = problems.map(({ message }) => message).join("\n");
  // The documents name no code for it. The calls before this one were made with the same key.
  if (/\b(?:unauthenticated|unauthorized|401|api[ -]?key)\b/i.test(said)) {
    return new UserError("unauthenticated", `${name} says that the API key was refused`, { problems });
  }
  return new UserError(
    "cli-failed",
    `${name} workflow publish-release ended with exit code ${run.exitCode}`,
    {
      problems,
    },
  );
}

const shownLines = 20;
const shownCharacters = 300;

/** With --json an error may stand on either stream. */
function lastLines({ stdout, stderr }: ProgramRun, options: CliOptions): Problem[] {
  const lines = stripVTControlCharacters(redacted(`${stderr}\n${stdout}`, options))
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return lines.slice(-shownLines).map((line) => ({ message: line.slice(0, shownCharacters) }));
}

/** GitHub masks its log; a terminal and a report do not. */
function redacted(text: string, { target: { apiKey } }: CliOptions): string {
  return apiKey === undefined ? text : text.replaceAll(apiKey, "***");
}

function commandOf(args: readonly string[]): string {
  return args.filter((_, index) => args[index] !== "--api-url" && args[index - 1] !== "--api-url").join(" ");
}
