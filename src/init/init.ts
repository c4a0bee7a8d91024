import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { parse } from "smol-toml";
import { SystemError, UserError } from "../errors.ts";
import { configFileName, isRepositoryRoot } from "../project/find-config.ts";
import {
  configFile,
  gitignoreFile,
  pyprojectFile,
  runnerFile,
  runnerFileName,
  smokeTaskOf,
} from "./project-files.ts";
import { type Server, workflowFiles } from "./workflow-files.ts";

export interface InitOptions {
  /** Absolute; made when it is not there. */
  readonly folder: string;
  /** From the folder's name where it is undefined. */
  readonly slug: string | undefined;
  /** `module:object` of a project that is there already. */
  readonly runner: string | undefined;
  readonly server: Server;
  readonly action: string;
  readonly devClusters: readonly string[];
  readonly productionClusters: readonly string[];
}

export interface Initialized {
  readonly slug: string;
  /** What was written, from the repository's root, with `/`. */
  readonly written: readonly string[];
  /** There was no Python project before. */
  readonly isNewProject: boolean;
}

interface NewFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
}

/**
 * Writes the files that make a folder a project which GitHub releases. All of them, or none.
 * @throws UserError already-exists with every file that is in the way; input-invalid; SystemError disk-failed
 */
export function initProject(options: InitOptions): Initialized {
  const folder = resolveFolder(options.folder);
  const repositoryRoot = findRoot(folder);
  const slug = slugOf(options.slug, folder);
  requireAction(options.action);
  const isNewProject = !exists(join(folder, "pyproject.toml"));
  const config = join(folder, configFileName);
  const workflows = newWorkflows(options, { folder, repositoryRoot, slug, isNewProject });
  const project = isNewProject ? newProject(folder, slug) : [];
  const others = [...workflows, ...project];
  requireFree([config, ...others.map(({ path }) => path)], repositoryRoot);
  const code = isNewProject ? freshCode(options.runner) : existingCode(folder, options.runner);
  const files = [{ path: config, text: configFile({ ...options, slug, ...code }) }, ...others];
  writeAll(files);
  const written = files.map(({ path }) => pathFrom(repositoryRoot, path));
  return { slug, written, isNewProject };
}

function newWorkflows(
  { server, action }: InitOptions,
  made: {
    readonly folder: string;
    readonly repositoryRoot: string;
    readonly slug: string;
    readonly isNewProject: boolean;
  },
): NewFile[] {
  const { folder, repositoryRoot, slug, isNewProject } = made;
  const projectFolder = pathFrom(repositoryRoot, folder);
  const flows = workflowFiles({
    ...{ server, action, projectFolder, gates: undefined },
    suffix: projectFolder === "" ? "" : `-${slug}`,
    // The hosted service makes the slug itself: it has to be there before.
    createWorkflow: server.kind === "own",
    smokeTask: isNewProject ? smokeTaskOf(slug) : undefined,
  });
  return flows.map(({ name, text }) => ({ path: join(repositoryRoot, ".github", "workflows", name), text }));
}

function newProject(folder: string, slug: string): NewFile[] {
  const gitignore = join(folder, ".gitignore");
  return [
    { path: join(folder, "pyproject.toml"), text: pyprojectFile(slug) },
    { path: join(folder, runnerFileName), text: runnerFile(slug) },
    ...(exists(gitignore) ? [] : [{ path: gitignore, text: gitignoreFile }]),
  ];
}

/** It is written into a file that is code. */
function requireAction(action: string): void {
  if (/^[\w.-]+\/[\w.-]+(?:\/[\w.-]+)*@[\w./-]+$/.test(action)) return;
  throw new UserError("input-invalid", `${JSON.stringify(action)} is not an action`, {
    next: "Give --action as OWNER/NAME@REF, as a workflow file has it after `uses:`.",
  });
}

function freshCode(runner: string | undefined) {
  if (runner !== undefined) {
    throw new UserError(
      "input-invalid",
      `There is no Python project yet that could have the Runner ${runner}`,
      {
        next: "Leave --runner out: the project that is written has one.",
      },
    );
  }
  return {
    runner: `${basename(runnerFileName, ".py")}:runner`,
    include: ["*.py", "pyproject.toml", "uv.lock"],
  };
}

/** What a project needs to start: its package, and what its pyproject.toml has to read when it is installed. */
function existingCode(folder: string, runner: string | undefined) {
  const [, first = ""] = /^([A-Za-z_]\w*)(?:\.\w+)*:[A-Za-z_][\w.]*$/.exec(runner ?? "") ?? [];
  if (runner === undefined || first === "") {
    throw new UserError(
      "input-invalid",
      "There is a Python project here already, and its Runner is not named",
      {
        next: "Add --runner MODULE:OBJECT, as in --runner my_workflow.runner:runner.",
      },
    );
  }
  const places = [`${first}.py`, first, `src/${first}.py`, `src/${first}`];
  const place = places.find((candidate) => existsSync(join(folder, candidate)));
  if (place === undefined) {
    throw new UserError("input-invalid", `There is no module ${first} in ${folder} or its src`, {
      next: "Name the module as the project's own code imports it.",
    });
  }
  const code = place.endsWith(".py") ? place : `${place}/**`;
  const readme = readmeOf(folder);
  const isThere = readme !== undefined && existsSync(join(folder, readme));
  return { runner, include: [code, "pyproject.toml", "uv.lock", ...(isThere ? [readme] : [])] };
}

function readmeOf(folder: string): string | undefined {
  let project: unknown;
  try {
    ({ project } = parse(readFileSync(join(folder, "pyproject.toml"), "utf8")));
  } catch (cause) {
    const message = `${join(folder, "pyproject.toml")} cannot be read`;
    throw new UserError("input-invalid", message, { cause, next: "Mend the file named above." });
  }
  const readme = typeof project === "object" && project !== null && "readme" in project ? project.readme : "";
  return typeof readme === "string" && readme !== "" ? readme : undefined;
}

function resolveFolder(folder: string): string {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats === undefined) return folder;
  if (!stats.isDirectory()) throw new UserError("input-invalid", `${folder} is not a folder`);
  return realpathSync(folder);
}

function findRoot(folder: string): string {
  for (let current = folder; ; current = dirname(current)) {
    if (isRepositoryRoot(current)) return current;
    if (dirname(current) === current) return folder;
  }
}

/** The hosted service's own program cuts at 40 characters, too. */
const longestDerivedSlug = 40;

function slugOf(given: string | undefined, folder: string): string {
  const derived = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, longestDerivedSlug)
    .replace(/^-+|-+$/g, "");
  const slug = given ?? derived;
  if (/^[A-Za-z0-9-]{1,100}$/.test(slug)) return slug;
  const message =
    given === undefined
      ? `No slug can be made of ${basename(folder)}`
      : `${JSON.stringify(given)} is not a slug`;
  throw new UserError("input-invalid", message, {
    next: "Give --slug with 1 to 100 letters, digits and hyphens.",
  });
}

function requireFree(paths: readonly string[], root: string): void {
  const taken = paths.filter(exists);
  const blockers = new Set(paths.flatMap((path) => blockerOf(dirname(path))));
  const problems = [
    ...taken.map((path) => ({ message: "is there already", file: pathFrom(root, path) })),
    ...[...blockers].map((path) => ({ message: "is not a folder", file: pathFrom(root, path) })),
  ];
  if (problems.length === 0) return;
  throw new UserError("already-exists", "Nothing was written, because it would have replaced what is there", {
    problems,
    next: "Move the files named above away, or write yours by hand.",
  });
}

/** The nearest thing above a new file that exists, where it is no folder. */
function blockerOf(folder: string): string[] {
  for (let current = folder; ; current = dirname(current)) {
    if (isFolder(current) || dirname(current) === current) return [];
    if (exists(current)) return [current];
  }
}

function writeAll(files: readonly NewFile[]): void {
  const written: string[] = [];
  try {
    for (const { path, text } of files) {
      mkdirSync(dirname(path), { recursive: true });
      const file = openSync(path, "wx");
      // From here on it is ours, though the disk may be full before the text is in it.
      written.push(path);
      try {
        writeFileSync(file, text);
      } finally {
        closeSync(file);
      }
    }
  } catch (cause) {
    for (const path of written) rmSync(path, { force: true });
    throw new SystemError("disk-failed", "The project's files could not be written; none was left", {
      cause,
    });
  }
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

/** Also a link that points nowhere; not what would be below a file. */
function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function pathFrom(root: string, path: string): string {
  return relative(root, path).split(sep).join("/");
}
