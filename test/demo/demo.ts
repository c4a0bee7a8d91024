/**
 * npm run demo: the whole life cycle of a release, as a person runs it on a laptop, through dist/cli.js. What it
 * makes stays in a temporary folder to be looked at; nothing keeps running.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, realpath, rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import { cliJson, serveControlPlane } from "../support/cli.ts";
import { createScratchProject } from "../support/scratch-project.ts";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const publishArgs = [
  "publish",
  "--create-workflow",
  ...["--dev-cluster", "target:development"],
  ...["--production-cluster", "target:production"],
];

const startedAtMs = performance.now();
const folder = await mkdtemp(join(await realpath(tmpdir()), "workflow-release-demo-"));
const project = join(folder, "tiles");
const data = join(folder, "control-plane");

title("A project: test/projects/tiles, copied into a git repository of its own");
await rename((await createScratchProject("tiles")).folder, project);
say(project);

title("A control plane of its own, with three clusters");
await using controlPlane = await serveControlPlane(data);
say(`workflow-release serve   listens at ${controlPlane.url}`);
const { secret } = await cliJson<{ readonly secret: string }>(["key", "create", "demo", "--data", data]);
say("workflow-release key create demo");
const env = {
  TILEBOX_API_URL: controlPlane.url,
  TILEBOX_API_KEY: secret,
  // So that the worker starts each time that the demo runs.
  WORKFLOW_RELEASE_CACHE: join(folder, "cache"),
};
for (const slug of ["tiles-dev", "tiles-north", "tiles-south"]) {
  await cliJson(["cluster", "create", slug, "--slug", slug], { env });
  say(`workflow-release cluster create ${slug} --slug ${slug}`);
}

title("Build: choose the files, pack them, start the worker inside the artifact, find its tasks");
await run("build");

title("Publish, and deploy to dev and then to production");
await run(...publishArgs);

title("The same again: the release is reused and no cluster changes");
await run(...publishArgs);

title("What runs where");
await run("status");

await controlPlane.stop();
title(
  `Done in ${((performance.now() - startedAtMs) / 1000).toFixed(0)} s. Nothing is running any more; to look around:`,
);
say(`${join(project, ".workflow-release", "tiles.tar.zst")}   the artifact`);
say(`${join(project, ".workflow-release", "build.json")}   its files, tasks and digests`);
const here = relative(process.cwd(), cli);
say(`node ${here} serve --no-auth --data ${data}`);
say(`node ${here} status --api-url http://127.0.0.1:7180 ${project}`);
say(`rm -r ${folder}`);

function title(text: string): void {
  console.log(`\n${text}`);
}

function say(text: string): void {
  console.log(`  ${text}`);
}

/** Runs a command in the project's folder and shows what it prints. */
async function run(...args: string[]): Promise<void> {
  say(`$ workflow-release ${args.join(" ")}`);
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: project,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = once(child, "close");
  for (const input of [child.stdout, child.stderr])
    createInterface({ input }).on("line", (line) => say(`  ${line}`));
  const [exitCode] = await closed;
  if (exitCode !== 0) throw new Error(`workflow-release ${args[0]} ended with ${exitCode}`);
}
