/**
 * Which of two commits is older, by git's history. An older commit must not overwrite a newer one, and a
 * queue cannot see to that: what counts is the history, at the moment of deploying.
 *
 * A checkout of GitHub Actions holds one commit, so the history is looked for where it costs least: in the
 * checkout, then at whoever else can compare (GitHub's API), then in the remote repository, fetched into a
 * folder of its own without files, so that the checkout stays as it is.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { type Git, type GitAnswer, readRemote, runGit } from "./git.ts";

/** How our commit stands to the one that is deployed. */
export type Ancestry =
  | { readonly kind: "same" }
  /** Ours descends from the deployed one. */
  | { readonly kind: "newer" }
  /** The deployed one descends from ours. */
  | { readonly kind: "older" }
  /** Each has commits that the other has not: a force push, or a branch of its own. */
  | { readonly kind: "diverged" }
  | { readonly kind: "unknown"; readonly why: string };

/** Whether our commit may replace the deployed one, and why, as a sentence for a person. */
export type OverwriteVerdict =
  | { readonly kind: "go" }
  /** Nothing is known against it; a person should know that nothing was proven either. */
  | { readonly kind: "unproven"; readonly why: string }
  | { readonly kind: "refuse"; readonly why: string };

/** `ancestry` is undefined where no record says which commit is deployed: by hand, or before this program. */
export function judgeOverwrite(
  ancestry: Ancestry | undefined,
  deployed: string | undefined,
): OverwriteVerdict {
  const commit = (deployed ?? "").slice(0, 12);
  switch (ancestry?.kind) {
    case undefined:
      return { kind: "unproven", why: "no record says from which commit the deployed release is" };
    case "same":
    case "newer":
      return { kind: "go" };
    case "older":
      return { kind: "refuse", why: `commit ${commit}, which is deployed, is newer than this one` };
    case "diverged":
      return {
        kind: "refuse",
        why: `commit ${commit}, which is deployed, is not in the history of this one: a force push, or another branch`,
      };
    case "unknown":
      return {
        kind: "unproven",
        why: `commit ${commit}, which is deployed, cannot be compared: ${ancestry.why}`,
      };
  }
}

/** Compares on a server that has the whole history. Throws when it cannot tell. */
export type CompareRemotely = (
  deployed: string,
  ours: string,
  signal: AbortSignal,
) => Promise<Exclude<Ancestry["kind"], "unknown">>;

export interface AncestryOptions {
  /** The checkout, or a folder inside it. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly compareRemotely?: CompareRemotely;
  readonly git?: Git;
  /** For fetching what the checkout has not. */
  readonly temporaryFolder?: string;
  readonly fetchLimitMs?: number;
}

/** Enough for the commits, without files, of a repository with some 100,000 of them. */
const defaultFetchLimitMs = 60_000;

/** Commits below each of the two; the last round takes all. Most deployments are a few commits apart. */
const fetchDepths = [100, 2_000] as const;

/** Never throws: what cannot be found out is `unknown`, with the reasons of every way that was tried. */
export async function compareCommits(
  deployed: string,
  ours: string,
  options: AncestryOptions,
): Promise<Ancestry> {
  if (deployed === ours) return { kind: "same" };
  for (const commit of [deployed, ours]) {
    if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit))
      return { kind: "unknown", why: `${JSON.stringify(commit)} is not a commit id` };
  }
  const reasons: string[] = [];
  for (const way of [inCheckout, remotely, inFetched]) {
    const answer = await way(deployed, ours, options);
    if (answer.kind !== "unknown") return answer;
    reasons.push(answer.why);
  }
  return { kind: "unknown", why: reasons.filter(Boolean).join("; ") };
}

async function inCheckout(deployed: string, ours: string, options: AncestryOptions): Promise<Ancestry> {
  const { folder, signal, git = runGit } = options;
  return await compareIn(deployed, ours, (args) => git(args, { folder, signal }), "the checkout");
}

async function remotely(deployed: string, ours: string, options: AncestryOptions): Promise<Ancestry> {
  if (options.compareRemotely === undefined) return { kind: "unknown", why: "" };
  try {
    return { kind: await options.compareRemotely(deployed, ours, options.signal) };
  } catch (error) {
    return { kind: "unknown", why: messageOf(error) };
  }
}

async function inFetched(deployed: string, ours: string, options: AncestryOptions): Promise<Ancestry> {
  const { folder, git = runGit, fetchLimitMs = defaultFetchLimitMs } = options;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), fetchLimitMs);
  const signal = AbortSignal.any([options.signal, late.signal]);
  const repository = await mkdtemp(join(options.temporaryFolder ?? tmpdir(), "history-"));
  try {
    const remote = await readRemote(git, folder, signal);
    if (remote === undefined) return { kind: "unknown", why: "the checkout has no remote origin" };
    const { configuration, url } = remote;
    const run: RunIn = (args) => git(args, { folder: repository, signal, configuration });
    await run(["init", "--quiet", "--bare"]);
    return await deepen(deployed, ours, run, url);
  } finally {
    clearTimeout(timer);
    await rm(repository, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Fetches more and more of the history until it tells, without files: commits are a few hundred bytes each. */
async function deepen(deployed: string, ours: string, run: RunIn, remote: string): Promise<Ancestry> {
  let answer: Ancestry = { kind: "unknown", why: "nothing was fetched" };
  for (const depth of [...fetchDepths, Number.POSITIVE_INFINITY]) {
    const amount = Number.isFinite(depth) ? [`--depth=${depth}`] : ["--unshallow"];
    const fetch = await run([
      "fetch",
      "--quiet",
      "--no-tags",
      "--filter=tree:0",
      ...amount,
      "--",
      remote,
      deployed,
      ours,
    ]);
    if (fetch.code !== 0 && Number.isFinite(depth)) {
      return { kind: "unknown", why: `origin did not give the commits (${lastLine(fetch)})` };
    }
    answer = await compareIn(deployed, ours, run, "origin");
    if (answer.kind !== "unknown") return answer;
  }
  return answer;
}

type RunIn = (args: readonly string[]) => Promise<GitAnswer>;

/** Commits that only one side has. None on one side is proof; some on both only where no history is cut off. */
async function compareIn(deployed: string, ours: string, run: RunIn, where: string): Promise<Ancestry> {
  const counted = await run(["rev-list", "--left-right", "--count", `${deployed}...${ours}`, "--"]);
  const [onlyDeployed, onlyOurs] = counted.stdout.trim().split(/\s+/).map(Number);
  if (counted.code !== 0 || onlyDeployed === undefined || onlyOurs === undefined)
    return { kind: "unknown", why: `${where} does not have both commits (${lastLine(counted)})` };
  if (onlyDeployed === 0) return { kind: "newer" };
  if (onlyOurs === 0) return { kind: "older" };
  const shallow = await run(["rev-parse", "--is-shallow-repository"]);
  return shallow.stdout.trim() === "false"
    ? { kind: "diverged" }
    : { kind: "unknown", why: `the history in ${where} is cut off` };
}

function lastLine({ stderr }: GitAnswer): string {
  return stderr.trim().split("\n").at(-1) ?? "";
}
