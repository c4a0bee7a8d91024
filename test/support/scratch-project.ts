/** Copies a sample of test/projects into a git repository of its own, with a uv.lock made there. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { lockProject } from "./python-lock.ts";

const samplesFolder = fileURLToPath(new URL("../projects/", import.meta.url));
const run = promisify(execFile);

/** The folders of test/projects; each one's tilebox.workflow.toml says what it shows. */
export type SampleName = "tiles" | "greetings" | "command" | "legacy" | "ignored" | "unruly" | "mischief";

/** What to change in the copy, by path: new text, a function of the old text ("" when absent), or null to delete. */
export type Edits = Readonly<Record<string, string | null | ((text: string) => string)>>;

export interface ScratchProject extends AsyncDisposable {
  /** Absolute, without symlinks: the project's folder, which is also the repository's root. */
  readonly folder: string;
  /** Changes files in the work tree; nothing is locked or committed. */
  edit(edits: Edits): Promise<void>;
  /** Commits everything that git does not ignore and returns the commit's id. */
  commit(message?: string): Promise<string>;
  /** Runs git in the folder and returns what it printed, without the last line end. */
  git(...args: string[]): Promise<string>;
}

/**
 * A scratch repository with one commit. The edits are in it; `uv.lock` is made from the edited
 * pyproject.toml and the pins of test/support/python-pins, unless the edits set or delete it.
 */
export async function createScratchProject(sample: SampleName, edits: Edits = {}): Promise<ScratchProject> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), `scratch-${sample}-`));
  await cp(join(samplesFolder, sample), folder, { recursive: true });
  const project: ScratchProject = {
    folder,
    edit: (changes) => applyEdits(folder, changes),
    commit: async (message = "Change the project") => {
      await git(folder, "add", "--all");
      await git(folder, "commit", "--quiet", "--allow-empty", "--message", message);
      return git(folder, "rev-parse", "HEAD");
    },
    git: (...args) => git(folder, ...args),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
  await applyEdits(folder, edits);
  if (edits["uv.lock"] === undefined) await lockProject(folder);
  await git(folder, "init", "--quiet", "--initial-branch", "main");
  await project.commit(`Add the sample project ${sample}`);
  return project;
}

async function applyEdits(folder: string, edits: Edits): Promise<void> {
  for (const [path, edit] of Object.entries(edits)) {
    const file = join(folder, path);
    if (edit === null) {
      await rm(file, { recursive: true, force: true });
      continue;
    }
    const text = typeof edit === "string" ? edit : edit(await readFile(file, "utf8").catch(() => ""));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

/** The identity and settings of whoever runs the tests must not show in a scratch repository. */
async function git(folder: string, ...args: string[]): Promise<string> {
  const settings = ["user.name=Scratch", "user.email=scratch@example.org", "commit.gpgsign=false"];
  const options = [...settings, "core.autocrlf=false"].flatMap((setting) => ["-c", setting]);
  const { stdout } = await run("git", [...options, ...args], { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
  return stdout.replace(/\r?\n$/, "");
}
