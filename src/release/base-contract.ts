import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TaskContract } from "../engine/contract.ts";
import { compareContracts } from "../engine/contract-rules.ts";
import { messageOf, ReleaseError } from "../errors.ts";
import type { ContractCheck } from "./contract-check.ts";
import { type Git, readRemote, runGit } from "./git.ts";

export interface BaseCommit {
  /** For a person: the branch. */
  readonly name: string;
  /** An id; on a laptop anything that git takes for a commit. */
  readonly commit: string;
  /** The pull request's own commit. */
  readonly head?: string;
}

export interface BaseComparison {
  readonly base: BaseCommit;
  /** Where the project was looked for, in the checkout. */
  readonly projectFolder: string;
  readonly contract: TaskContract;
  /** The contract of the project in that folder; what it writes goes into `outputFolder`. */
  build(folder: string, outputFolder: string, signal: AbortSignal): Promise<TaskContract>;
  readonly signal: AbortSignal;
  readonly limitMs?: number;
}

/** A second build, whose packages are in uv's cache as a rule: beyond this the check is not worth the wait. */
const defaultLimitMs = 120_000;

/**
 * Builds the commit that the checkout will be merged into, in a folder of its own, and compares the task contracts.
 * The checkout stays as it is, and its history need not be there.
 *
 * Never throws but for an aborted signal: where there is nothing to compare with, it says why.
 */
export async function compareWithBase(
  options: BaseComparison,
): Promise<ContractCheck | { readonly absent: string }> {
  const { base, contract, limitMs = defaultLimitMs } = options;
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(limitMs)]);
  const folder = await realpath(await mkdtemp(join(tmpdir(), "base-")));
  let name = `${base.name} (${base.commit.slice(0, 12)})`;
  try {
    const commit = await findBase(options.projectFolder, base, signal);
    name = `${base.name} (${commit.slice(0, 12)})`;
    const project = await checkOut(options.projectFolder, commit, join(folder, "checkout"), signal);
    const before = await options.build(project, join(folder, "output"), signal);
    return { against: name, findings: compareContracts(before, contract), jobs: [] };
  } catch (error) {
    options.signal.throwIfAborted();
    if (signal.aborted) return { absent: `building ${name} took longer than ${limitMs / 1000} s` };
    const code = error instanceof ReleaseError ? `${error.code}: ` : "";
    const text = messageOf(error);
    const message = text.replaceAll(join(folder, "checkout"), ".");
    return { absent: `${name} has no contract: ${code}${message}` };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/**
 * GitHub checks out a merge of the base's tip and the pull request's head: its first parent is what the merge will
 * change, also where the base has moved since. Else it is where the branch left its base, when the history tells.
 */
async function findBase(folder: string, { commit, head }: BaseCommit, signal: AbortSignal): Promise<string> {
  const run = (...args: string[]) => runGit(args, { folder, signal });
  // Read as text: a shallow clone hides the parents from everything else.
  const { stdout } = await run("cat-file", "commit", "HEAD");
  const parents = [...(stdout.split("\n\n", 1)[0] ?? "").matchAll(/^parent ([0-9a-f]+)$/gm)].map(
    ([, id]) => id,
  );
  const [first, second] = parents;
  if (first !== undefined && parents.length === 2 && second === head) return first;
  const named = await run("rev-parse", "--verify", "--quiet", "--end-of-options", `${commit}^{commit}`);
  const base = named.code === 0 ? named.stdout.trim() : commit;
  const mergeBase = await run("merge-base", base, "HEAD");
  return mergeBase.code === 0 ? mergeBase.stdout.trim() : base;
}

/** Returns the project's folder in it. Throws what git says. */
async function checkOut(
  projectFolder: string,
  commit: string,
  target: string,
  signal: AbortSignal,
): Promise<string> {
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) throw new Error("it is not in the checkout");
  const here: Git = (args, options) => must(runGit(args, options));
  const asked = { folder: projectFolder, signal };
  const prefix = (await here(["rev-parse", "--show-prefix"], asked)).stdout.replace(/\r?\n$/, "");
  const objects = (await here(["rev-parse", "--git-path", "objects"], asked)).stdout.replace(/\r?\n$/, "");
  // Without the hooks that a template may hold.
  await here(["init", "--quiet", "--template=", target], asked);
  const inside = { folder: target, signal };
  await here(["config", "core.longpaths", "true"], inside);
  if ((await runGit(["cat-file", "-e", `${commit}^{tree}`], asked)).code === 0) {
    const alternates = join(target, ".git", "objects", "info", "alternates");
    await writeFile(alternates, `${resolve(projectFolder, objects)}\n`);
  } else {
    // Without the checkout's objects: of a shallow clone's, git would take for granted what it cuts off.
    await fetchCommit(commit, projectFolder, target, signal);
  }
  await here(["checkout", "--quiet", "--detach", commit, "--"], inside);
  return join(target, prefix);
}

async function fetchCommit(
  commit: string,
  checkout: string,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  const remote = await readRemote(runGit, checkout, signal);
  if (remote === undefined) throw new Error("it is not in the checkout, which has no remote origin");
  const { configuration, url } = remote;
  const args = ["fetch", "--quiet", "--no-tags", "--depth=1", "--", url, commit];
  await must(runGit(args, { folder: target, signal, configuration }));
}

async function must(answer: ReturnType<Git>): ReturnType<Git> {
  const { code, stderr } = await answer;
  if (code !== 0) throw new Error(stderr.trim().split("\n").at(-1) || "git failed");
  return await answer;
}
