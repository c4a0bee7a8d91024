import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import pLimit from "p-limit";
import {
  type Ancestry,
  type AncestryOptions,
  compareCommits,
  judgeOverwrite,
} from "../../src/release/ancestry.ts";
import { runGit } from "../../src/release/git.ts";
import { compareAtGitHub } from "../../src/report/github/compare-commits.ts";
import { type CommitGraph, randomGraph, reaches, writeGraphs } from "../support/commit-graph.ts";
import { clientOf } from "../support/github/client.ts";
import { startFakeGitHub } from "../support/github/fake-github.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";

const signal = new AbortController().signal;
const git = (folder: string, ...args: string[]) =>
  execFileSync("git", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();

function expected(graph: CommitGraph, deployed: number, ours: number): Ancestry["kind"] {
  if (deployed === ours) return "same";
  if (reaches(graph, ours, deployed)) return "newer";
  return reaches(graph, deployed, ours) ? "older" : "diverged";
}

/** 0 ← 1 ← ... ← 5 and a branch 6 ← 7 off commit 2. */
const branched: CommitGraph = [[], [0], [1], [2], [3], [4], [2], [6]];

/** A remote with a history, and a checkout of one commit of it. */
async function shallowCheckout(commit: number, graph = branched) {
  const scratch = await createScratchFolder();
  const remote = join(scratch.path, "remote");
  const checkout = join(scratch.path, "checkout");
  git(scratch.path, "init", "--quiet", "--bare", remote);
  const [ids = []] = await writeGraphs(remote, [graph]);
  const id = (index: number) => ids[index] ?? "";
  git(
    scratch.path,
    "clone",
    "--quiet",
    "--depth=1",
    "--branch",
    `g0-${commit}`,
    `file://${remote}`,
    checkout,
  );
  const stateOfCheckout = () => [
    readFileSync(join(checkout, ".git", "config"), "utf8"),
    readFileSync(join(checkout, ".git", "shallow"), "utf8"),
    git(checkout, "count-objects"),
  ];
  const before = stateOfCheckout();
  const options: AncestryOptions = { folder: checkout, signal, temporaryFolder: scratch.path };
  return {
    remote,
    id,
    compare: (deployed: string, ours: string, more: Partial<AncestryOptions> = {}) =>
      compareCommits(deployed, ours, { ...options, ...more }),
    [Symbol.asyncDispose]: async () => {
      assert.deepEqual(stateOfCheckout(), before, "the checkout is as it was");
      await scratch[Symbol.asyncDispose]();
    },
  };
}

describe("the ancestry of two commits", () => {
  it("agrees with a plain search in 200 random histories, and never lets an older commit overwrite", async () => {
    await using scratch = await createScratchFolder();
    git(scratch.path, "init", "--quiet");
    const [seed] = fc.sample(fc.integer({ min: 1, max: 2 ** 31 - 1 }), 1);
    const random = randomOf(seed ?? 1);
    const graphs = Array.from({ length: 200 }, () => randomGraph(4 + Math.floor(random() * 12), random));
    const ids = await writeGraphs(scratch.path, graphs);
    const limit = pLimit(4);
    const runs = graphs.map((graph, g) => {
      // 2 to 8 runs of as many commits, finishing in the order of this list.
      const order = Array.from({ length: 2 + Math.floor(random() * 7) }, () =>
        Math.floor(random() * graph.length),
      );
      return limit(() => finishAll(graph, ids[g] ?? [], order));
    });
    await Promise.all(runs);

    async function finishAll(graph: CommitGraph, commits: readonly string[], order: readonly number[]) {
      let deployed: number | undefined;
      const finished: number[] = [];
      for (const ours of order) {
        if (deployed !== undefined) {
          const options = { folder: scratch.path, signal };
          const there = commits[deployed] ?? "";
          const ancestry = await compareCommits(there, commits[ours] ?? "", options);
          const wanted = expected(graph, deployed, ours);
          assert.equal(ancestry.kind, wanted, `seed ${seed}: ${JSON.stringify(graph)}`);
          if (judgeOverwrite(ancestry, there).kind !== "go") continue;
        }
        deployed = ours;
        finished.push(ours);
      }
      for (const other of finished)
        assert(other === deployed || !reaches(graph, other, deployed ?? 0), `seed ${seed}`);
    }
  });

  it("fetches what a shallow checkout lacks, and leaves the checkout as it was", async () => {
    await using repository = await shallowCheckout(5);
    const { id, compare } = repository;
    assert.deepEqual(await compare(id(1), id(5)), { kind: "newer" });
    assert.deepEqual(await compare(id(5), id(1)), { kind: "older" });
    assert.deepEqual(await compare(id(7), id(5)), { kind: "diverged" });
    assert.deepEqual(await compare(id(5), id(5)), { kind: "same" });
  });

  it("fetches deeper until the history tells", async () => {
    const line = Array.from({ length: 2_300 }, (_, i) => (i === 0 ? [] : [i - 1]));
    await using repository = await shallowCheckout(2_298, [...line.slice(0, 2_299), [0]]);
    const { id, compare } = repository;
    assert.deepEqual(await compare(id(2_100), id(2_298)), { kind: "newer" });
    assert.deepEqual(await compare(id(1), id(2_298)), { kind: "newer" });
    assert.deepEqual(await compare(id(2_299), id(2_298)), { kind: "diverged" });
  });

  it("finds a commit that a force push took out of every branch, as long as the remote has it", async () => {
    await using repository = await shallowCheckout(5);
    const { id, compare, remote } = repository;
    for (const branch of ["g0-6", "g0-7"]) git(remote, "branch", "--quiet", "-D", branch);
    assert.deepEqual(await compare(id(7), id(5)), { kind: "diverged" });
    git(remote, "-c", "gc.reflogExpire=now", "gc", "--quiet", "--prune=now");
    const gone = await compare(id(7), id(5));
    assert.equal(gone.kind, "unknown");
    assert.match(gone.kind === "unknown" ? gone.why : "", /checkout does not have both.*origin did not give/);
  });

  it("asks GitHub before it fetches", async () => {
    await using repository = await shallowCheckout(5);
    await using fake = await startFakeGitHub();
    const { id, compare } = repository;
    for (let i = 0; i < 6; i++) fake.state.commits.set(id(i), i === 0 ? [] : [id(i - 1)]);
    const client = await clientOf(fake, fake.addToken({ contents: "read" }));
    const compareRemotely = compareAtGitHub(client);
    const remoteOnly = async (args: readonly string[], options: Parameters<typeof runGit>[1]) => {
      assert.notEqual(args[0], "fetch");
      return await runGit(args, options);
    };
    assert.deepEqual(await compare(id(1), id(5), { compareRemotely, git: remoteOnly }), { kind: "newer" });
    assert.deepEqual(await compare(id(5), id(1), { compareRemotely, git: remoteOnly }), { kind: "older" });
    assert.deepEqual(
      await compare(id(7), id(5), { compareRemotely }),
      { kind: "diverged" },
      "GitHub knows no 7",
    );
    assert.deepEqual(fake.violations, []);
  });

  it("is unknown, with reasons, where nobody can tell", async () => {
    await using scratch = await createScratchFolder();
    const result = await compareCommits("1".repeat(40), "2".repeat(40), { folder: scratch.path, signal });
    assert.equal(result.kind, "unknown");
    assert.match(
      result.kind === "unknown" ? result.why : "",
      /checkout does not have both commits.*no remote origin/,
    );
    const injected = await compareCommits("--all", "2".repeat(40), { folder: scratch.path, signal });
    assert.deepEqual(injected, { kind: "unknown", why: '"--all" is not a commit id' });
  });

  it("refuses what is older or diverged, and says what could not be proven", () => {
    const deployed = "d".repeat(40);
    const judged = (ancestry: Ancestry | undefined) => judgeOverwrite(ancestry, deployed);
    assert.deepEqual(judged({ kind: "older" }), {
      kind: "refuse",
      why: "commit dddddddddddd, which is deployed, is newer than this one",
    });
    assert.equal(judged({ kind: "diverged" }).kind, "refuse");
    assert.equal(judged({ kind: "unknown", why: "it is gone" }).kind, "unproven");
    assert.equal(judgeOverwrite(undefined, undefined).kind, "unproven");
  });

  it("ends in time when the remote is silent", async () => {
    await using repository = await shallowCheckout(5);
    const { id, compare } = repository;
    const silent = async (args: readonly string[], options: Parameters<typeof runGit>[1]) =>
      args[0] === "fetch"
        ? await runGit(["-c", "alias.wait=!sleep 30", "wait"], options)
        : await runGit(args, options);
    const startMs = performance.now();
    assert.equal((await compare(id(1), id(5), { git: silent, fetchLimitMs: 200 })).kind, "unknown");
    assert(performance.now() - startMs < 5_000);
  });
});

/** mulberry32: a seed that is printed gives the same histories again. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
