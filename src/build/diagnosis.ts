/** Turns the reason why a worker did not come up into an error that names the cause, the place and the fix. */
import { type Problem, type ReleaseError, SystemError, UserError } from "../errors.ts";
import { explainAbsence } from "../project/explain.ts";
import { nearestName } from "../project/nearest-name.ts";
import type { StartFailure } from "../worker/start-failure.ts";
import { workerCommand } from "../worker/start-worker.ts";
import { describeExit, type WorkerOutput } from "../worker/worker-process.ts";
import { type Frame, type ImportReport, parsePrintedTraceback } from "./import-report.ts";
import { type Raised, troubleCode } from "./import-trouble.ts";
import { type LeftOutSearch, leftOutFile, leftOutModule } from "./left-out.ts";
import {
  checkoutPath,
  entrypointProblem,
  moduleNames,
  type Places,
  problemAt,
  syntaxProblem,
  withoutFolder,
} from "./places.ts";
import { readComplaint, type StartComplaint } from "./start-complaint.ts";

export interface DiagnosisContext extends Places {
  /** Imports the module once more; undefined when nothing can be told, always so for a command. */
  readonly importAgain: () => Promise<ImportReport | undefined>;
}

/** Enough for a traceback's end; the whole tail may have thousands. */
const shownLines = 25;
const shownCharacters = 500;

const outOfMemory =
  "Look whether the machine ran out of memory: that is what most often kills a process so. Load large data in the tasks, not at import.";

type ExitFailure = Extract<StartFailure, { kind: "exited" }>;
type TimeFailure = Extract<StartFailure, { kind: "timed-out" }>;

/** Never throws but for an aborted signal; what cannot be explained is said as it was seen. */
export async function diagnose(failure: StartFailure, context: DiagnosisContext): Promise<ReleaseError> {
  if (failure.kind === "program-missing") return programMissing(failure.program, context);
  const output = {
    stdout: withoutFolder(context, failure.output.stdout),
    stderr: withoutFolder(context, failure.output.stderr),
  };
  switch (failure.kind) {
    case "wrong-protocol":
      return new UserError(
        "worker-protocol",
        `${subject(context)} answered, but not as a worker does: ${failure.answer}`,
        { cause: lastLines(output) },
      );
    case "timed-out":
      return timedOut({ ...failure, output }, context);
    case "exited":
      return exited({ ...failure, output }, context);
  }
}

async function programMissing(program: string, context: DiagnosisContext): Promise<ReleaseError> {
  if (program === "uv") return new UserError("uv-missing", "uv, which starts the worker, is not on PATH");
  return new UserError("command-missing", `The program ${program} of [workflow] command was not found`, {
    problems: [
      await entrypointProblem(
        context,
        `command starts with ${program}, which is neither on PATH nor in the artifact`,
      ),
    ],
  });
}

async function timedOut(failure: TimeFailure, context: DiagnosisContext): Promise<ReleaseError> {
  const seconds = Math.round(failure.limitMs / 100) / 10;
  const report = await context.importAgain();
  if (failure.phase === "environment" && report?.kind !== "stuck") {
    return new SystemError(
      "worker-start-timeout",
      `${subject(context)} neither announced itself nor listened within ${seconds} s: the environment was not ready, or the program does not serve`,
      { cause: lastLines(failure.output) },
    );
  }
  const doing =
    failure.phase === "import" && !failure.answered
      ? "holds Python's interpreter lock (a native call or a regular expression)"
      : "still runs Python code (a loop, a wait or slow work)";
  const problems = report?.kind === "stuck" ? placed(context, report, "The import stays here") : [];
  return new UserError("import-timeout", `${importing(context)} took longer than ${seconds} s; it ${doing}`, {
    problems,
    cause: lastLines(failure.output),
  });
}

async function exited(failure: ExitFailure, context: DiagnosisContext): Promise<ReleaseError> {
  const complaint = readComplaint(failure.output.stderr);
  // Once Python runs, what looks like uv's error is the user's own printing.
  const fromUv =
    failure.phase === "environment" && workerCommand(context.project.entrypoint, true)[0] === "uv";
  if (
    complaint !== undefined &&
    complaint.kind !== "import-failed" &&
    (fromUv || complaint.kind !== "environment-failed")
  ) {
    return complained(complaint, failure.output, context);
  }
  const report = (await context.importAgain()) ?? parsePrintedTraceback(failure.output.stderr);
  const cause = lastLines(failure.output);
  if (failure.exit.kind === "signal") {
    const problems = report?.kind === "crashed" ? placed(context, report, "It crashed here") : [];
    return new UserError(
      "worker-crashed",
      `${importing(context)} ended the process with ${describeExit(failure.exit)}`,
      { cause, problems, ...(failure.exit.signal === "SIGKILL" ? { next: outOfMemory } : {}) },
    );
  }
  if (report?.kind === "raised") return raisedError(report, failure.output, context);
  if (complaint?.kind === "import-failed") {
    return new UserError("import-failed", `${importing(context)} failed: ${complaint.text}`, { cause });
  }
  const ended = `ended the process with ${describeExit(failure.exit)} before any task was listed`;
  if (context.project.entrypoint.kind === "command")
    return new UserError("command-failed", `[workflow] command ${ended}`, { cause });
  const problems = report?.kind === "exits" ? placed(context, report, "The process is ended here") : [];
  return new UserError("import-exits", `${importing(context)} ${ended}`, {
    cause,
    problems,
  });
}

async function complained(
  complaint: Exclude<StartComplaint, { kind: "import-failed" }>,
  output: WorkerOutput,
  context: DiagnosisContext,
): Promise<ReleaseError> {
  const details = { cause: lastLines(output) };
  const path = context.project.entrypoint.kind === "runner" ? context.project.entrypoint.objectPath : "";
  switch (complaint.kind) {
    case "lock-stale":
      return new UserError("lock-stale", "uv.lock does not fit pyproject.toml any more", details);
    case "python-missing":
      return new UserError("python-missing", complaint.text, details);
    case "sdk-missing":
      return new UserError(
        "sdk-missing",
        `The project's environment has no tilebox-workflows that can serve: ${complaint.text}`,
        details,
      );
    case "environment-failed": {
      const leftOut =
        (complaint.file === undefined ? undefined : await leftOutFile(context.search, complaint.file)) ??
        (complaint.module === undefined ? undefined : await leftOutModule(context.search, complaint.module));
      if (leftOut !== undefined) return leftOutError(leftOut, complaint.text, context, details.cause);
      return new UserError(
        "environment-failed",
        `uv could not make the project's environment: ${complaint.text}`,
        details,
      );
    }
    case "path-malformed":
      return new UserError("runner-not-found", `The runner path ${path} is not module:object`, details);
    case "wrong-type":
      return new UserError("runner-wrong-type", `${path} is a ${complaint.found}, not a Runner`, {
        ...details,
        problems: [await entrypointProblem(context, `runner = "${path}" names a ${complaint.found}`)],
      });
    case "object-missing":
      return objectMissing(path, complaint.object, context, details.cause);
  }
}

async function objectMissing(
  path: string,
  object: string,
  context: DiagnosisContext,
  cause: Error | undefined,
): Promise<ReleaseError> {
  const [module = ""] = path.split(":");
  const report = await context.importAgain();
  const runners = report?.kind === "imported" ? report.runners : [];
  const meant = nearestName(object, runners) ?? runners[0];
  const hint = meant === undefined ? undefined : `runner = "${module}:${meant}"`;
  return new UserError("runner-not-found", `The module ${module} has no object ${object}`, {
    problems: [await entrypointProblem(context, `${module} has no ${object}`, hint)],
    cause,
  });
}

async function raisedError(
  raised: Raised,
  output: WorkerOutput,
  context: DiagnosisContext,
): Promise<ReleaseError> {
  const cause = lastLines(output);
  const what =
    withoutFolder(context, raised.message) || (raised.classes[0] ?? "an exception without a message");
  const leftOut = await leftOutBy(raised, context.search);
  if (leftOut !== undefined) return leftOutError(leftOut, what, context, cause, raised.frames);
  const { entrypoint } = context.project;
  const [module, objectName] = entrypoint.kind === "runner" ? entrypoint.objectPath.split(":") : [];
  const modules = moduleNames(context.search.packed);
  const code = troubleCode(raised, { module, hasPackage: (top) => modules.has(top) });
  const name = raised.classes[0] ?? "Exception";
  const problem = syntaxProblem(context, raised) ?? problemAt(context, raised.frames, `${name}: ${what}`);
  const problems = problem === undefined ? [] : [problem];
  if (code === "runner-not-found" && module !== undefined) {
    const meant = nearestName(module.replace(/\.py$/, "").replaceAll("/", "."), modules);
    const hint = meant === undefined ? undefined : `runner = "${meant}:${objectName}"`;
    problems.unshift(await entrypointProblem(context, `There is no module ${module} in the artifact`, hint));
  }
  return new UserError(code, `${importing(context)} failed: ${what}`, { cause, problems });
}

/** The file behind an exception, when the checkout has it and the artifact has not. */
async function leftOutBy(raised: Raised, search: LeftOutSearch): Promise<string | undefined> {
  if (raised.classes.includes("ImportError") && raised.module !== undefined) {
    // `from package import name` fails in the package when the file of the name is missing.
    const name = /^cannot import name '(\w+)'/.exec(raised.message)?.[1];
    const module = name === undefined ? raised.module : `${raised.module}.${name}`;
    return leftOutModule(search, module);
  }
  if (raised.classes.includes("SyntaxError")) return undefined;
  return raised.file === undefined ? undefined : leftOutFile(search, raised.file);
}

/** A file that the checkout has and the artifact has not: why, and where it is needed. */
export async function leftOutError(
  path: string,
  what: string,
  places: Places,
  cause?: Error,
  frames: readonly Frame[] = [],
): Promise<ReleaseError> {
  const absences = await explainAbsence(places.project, path);
  const unexplained = { message: `${path} is not in the artifact`, file: checkoutPath(places, path) };
  const needed = problemAt(places, frames, what);
  return new UserError("file-left-out", `The worker needs ${path}, which is not in the artifact: ${what}`, {
    problems: [
      ...(absences.length === 0 ? [unexplained] : absences),
      ...(needed === undefined ? [] : [needed]),
    ],
    cause,
  });
}

function placed(
  context: DiagnosisContext,
  at: { readonly frames: readonly Frame[] },
  message: string,
): Problem[] {
  const problem = problemAt(context, at.frames, message);
  return problem === undefined ? [] : [problem];
}

function subject({ project: { entrypoint } }: DiagnosisContext): string {
  return entrypoint.kind === "command" ? `[workflow] command ${entrypoint.argv[0]}` : "The worker";
}

function importing({ project: { entrypoint } }: DiagnosisContext): string {
  return entrypoint.kind === "command"
    ? "[workflow] command"
    : `Importing ${entrypoint.objectPath.split(":")[0]}`;
}

/** What the process said last, as the cause: it is shown below the message, and nothing of it is lost. */
function lastLines(output: WorkerOutput): Error | undefined {
  const lines = (output.stderr.trim() || output.stdout.trim()).split(/\r?\n/).slice(-shownLines);
  const text = lines.map((line) => line.slice(0, shownCharacters)).join("\n");
  return text === "" ? undefined : new Error(`The worker's last lines:\n${text}`);
}
