/** A run that finds everything done: from the start of the process to its exit. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createApiClient } from "../../src/api/client.ts";
import { fingerprint, formatVersion } from "../../src/artifact/fingerprint.ts";
import type { Build } from "../../src/build/build.ts";
import { openLocalCache } from "../../src/build/cache/open-cache.ts";
import { packProject } from "../../src/build/pack-project.ts";
import { contractOfNames } from "../../src/engine/contract.ts";
import { loadProject } from "../../src/project/load.ts";
import { publishBuild } from "../../src/release/publish.ts";
import { silentLog } from "../support/builds.ts";
import { startControlPlaneProcess } from "../support/control-plane-process.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { writeProject } from "./bench-project.ts";
import { measureInTurns, medianOfPairs, printTimes } from "./side-by-side.ts";

const rounds = 9;
const distFolder = fileURLToPath(new URL("../../dist/", import.meta.url));

/**
 * Prints differences and ratios; needs git on PATH.
 *
 * @param part How many files; all sizes without it.
 */
export async function benchWarm(part?: string): Promise<void> {
  await using folder = await createScratchFolder();
  await using plane = await startControlPlaneProcess(join(folder.path, "data"), "none");
  const empty = join(folder.path, "empty.mjs");
  writeFileSync(empty, "");
  for (const fileCount of part === undefined ? [300, 20_000] : [Number(part)]) {
    const project = join(folder.path, `project-${fileCount}`);
    writeProject(project, fileCount);
    const env = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      WORKFLOW_RELEASE_CACHE: join(folder.path, "builds"),
      TILEBOX_API_URL: plane.url,
      TILEBOX_API_KEY: "any",
      RUNNER_TEMP: folder.path,
      GITHUB_WORKSPACE: project,
      GITHUB_EVENT_NAME: "push",
      GITHUB_OUTPUT: join(folder.path, "output"),
      GITHUB_STEP_SUMMARY: join(folder.path, "summary"),
    };
    writeFileSync(env.GITHUB_OUTPUT, "");
    writeFileSync(env.GITHUB_STEP_SUMMARY, "");
    await seed(project, plane.url, env);
    const node = (...args: string[]) => timed(process.execPath, args, project, env);
    const times = await measureInTurns(rounds, {
      "empty node": node(empty),
      "git ls-files -s; git status": gitBaseline(project, env),
      "build, from the cache": node(join(distFolder, "cli.js"), "build"),
      "action, release exists": node(join(distFolder, "index.js")),
    });
    console.log(`\n${fileCount} files, nothing changed:`);
    printTimes(times);
    for (const ours of ["build, from the cache", "action, release exists"] as const) {
      const more = medianOfPairs(times[ours], times["empty node"], (a, b) => a - b);
      const ratio = medianOfPairs(times[ours], times["git ls-files -s; git status"], (a, b) => a / b);
      console.log(`  ${ours}: ${more.toFixed(0)} ms more than an empty node, ${ratio.toFixed(2)} times git`);
    }
  }
}

/** Publishes the project and keeps its build, as a run before would have, without a worker to prove it. */
async function seed(folder: string, url: string, env: Readonly<Record<string, string | undefined>>) {
  const outputFolder = join(folder, ".workflow-release");
  const packed = await packProject(await loadProject(folder), outputFolder);
  const { manifest, digest, project, measured } = packed;
  const { entrypoint, slug } = project;
  const tasks = [{ name: "bench/Task", version: "v1.0" }];
  const build: Build = {
    formatVersion,
    ...{ slug, entrypoint, manifest, digest, tasks },
    fingerprint: fingerprint({ manifest, entrypoint, tasks }),
    contract: contractOfNames(tasks, "no worker was started"),
    archive: await packed.writeArchive(),
    measured: { ...measured, discoverMs: 0 },
    notices: [],
  };
  writeFileSync(join(outputFolder, "build.json"), `${JSON.stringify(build, undefined, 2)}\n`);
  using api = await createApiClient({ url, apiKey: "any", env: {} });
  const signal = new AbortController().signal;
  await publishBuild(api, build, { createWorkflow: true, signal, log: silentLog });
  const plan = { kind: "on", apiKey: "any" } as const;
  const cache = await openLocalCache(plan, env.WORKFLOW_RELEASE_CACHE ?? "", env as NodeJS.ProcessEnv);
  if ("kind" in cache) throw new Error(`There is no cache: ${cache.kind}`);
  const trouble = await cache.keep(packed, build);
  if (trouble !== undefined) throw new Error(`The build was not kept: ${trouble}`);
}

function timed(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): () => number {
  return () => {
    const startedAt = performance.now();
    const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, maxBuffer: 64 * 1024 * 1024 });
    const tookMs = performance.now() - startedAt;
    if (status !== 0)
      throw new Error(`${command} ${args.join(" ")} ended with ${status}\n${stdout}\n${stderr}`);
    return tookMs;
  };
}

function gitBaseline(cwd: string, env: Readonly<Record<string, string | undefined>>): () => number {
  const listing = timed("git", ["ls-files", "-s", "-z"], cwd, env);
  const status = timed("git", ["status", "--porcelain", "-z"], cwd, env);
  return () => listing() + status();
}
