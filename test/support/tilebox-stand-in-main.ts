/** The program that test/support/tilebox-stand-in.ts installs as `tilebox`. */
import { createHash } from "node:crypto";
import { appendFile, chmod, copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { createApiClient } from "../../src/api/client.ts";
import { PublishWorkflowReleaseRequestSchema } from "../../src/api/gen/workflows/v1/workflows_pb.ts";
import { packArtifact } from "../../src/artifact/pack.ts";
import { buildProject } from "../../src/build/build-project.ts";
import { idFromBytes } from "../../src/engine/id.ts";
import { loadProject } from "../../src/project/load.ts";
import type { Project } from "../../src/project/project.ts";
import { selectFiles } from "../../src/project/select.ts";
import { fileTree } from "../../src/release/file-tree.ts";
import type { StandInBehaviour } from "./tilebox-stand-in.ts";

const [behaviourFile = "", ...args] = process.argv.slice(2);
const { failure, storageUrl, callsFile }: StandInBehaviour = JSON.parse(
  await readFile(behaviourFile, "utf8"),
);
const secrets = Object.keys(process.env).filter((name) => /^(?:INPUT_|GITHUB_|ACTIONS_|TILEBOX_)/.test(name));
await appendFile(callsFile, `${JSON.stringify({ args, folder: process.cwd(), secrets })}\n`);

const apiUrl = option("--api-url") ?? "https://api.tilebox.com";
const command = args.filter((_, index) => args[index] !== "--api-url" && args[index - 1] !== "--api-url");
if (failure === "hang-at-start") await sleep(3_600_000);
if (command[0] === "--version") process.stdout.write("tilebox version 0.3.1\n");
else if (failure === "old") fail('unknown command "publish-release" for "tilebox workflow"', 1);
else if (command.join(" ") === "agent-context workflow publish-release --output-schema") {
  const required = ["id", "message", "fingerprint", "tasks", "files"];
  process.stdout.write(`${JSON.stringify({ output_schema: { type: "object", required } })}\n`);
} else if (command.slice(0, 2).join(" ") === "workflow publish-release" && command.includes("--json")) {
  await publish(command.slice(2).find((argument) => !argument.startsWith("-")) ?? ".");
} else fail(`unknown command ${JSON.stringify(command.join(" "))}`, 2);

async function publish(folder: string): Promise<void> {
  const apiKey = process.env.TILEBOX_API_KEY ?? "";
  if (apiKey === "") fail("no API key: set TILEBOX_API_KEY or pass --api-key", 2);
  if (failure === "key-rejected")
    fail(JSON.stringify({ error: "unauthenticated: the API key is not valid" }), 1);
  if (failure === "exit-code") fail("\u001b[31merror\u001b[0m: the artifact could not be uploaded", 7);
  if (failure === "prints-key") fail(`request with ${apiKey} failed`, 1);
  if (failure === "hang") await sleep(3_600_000);
  if (failure === "no-json") return void process.stdout.write("Published!\n");
  const project = await loadProject(resolve(folder));
  const scratch = await mkdtemp(join(tmpdir(), "tilebox-stand-in-"));
  try {
    const answer = await publishProject(project, scratch, apiKey);
    if (failure === "no-id") answer.id = "latest";
    if (failure === "other-tasks") answer.tasks = [{ name: "another/Task", version: "v1.0" }];
    if (failure === "other-files") answer.files = [...answer.files, "notes/todo.txt"];
    process.stdout.write(JSON.stringify(answer));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function publishProject(project: Project, scratch: string, apiKey: string) {
  const quiet = {
    info() {},
    notice() {},
    warning() {},
    group: <T>(_: string, work: () => Promise<T>) => work(),
  };
  const signal = new AbortController().signal;
  const build = await buildProject(project, { outputFolder: scratch, env: process.env, log: quiet, signal });
  const { digest, archive } = await packItsOwnWay(project, scratch);
  const { tasks, entrypoint, manifest } = build;
  const files = manifest.map(({ path }) => path);
  const fingerprint = createHash("sha256")
    .update(JSON.stringify([tasks, files, entrypoint]))
    .digest("hex");
  using storage = await createApiClient({ url: storageUrl, apiKey, env: {} });
  using api = await createApiClient({ url: apiUrl, apiKey, env: {} });
  const { artifactId } = await storage.uploadArtifact({
    digest,
    archivePath: archive.path,
    sizeBytes: archive.sizeBytes,
  });
  const request = create(PublishWorkflowReleaseRequestSchema, {
    workflowSlug: project.slug,
    artifactId: { uuid: artifactId },
    content: {
      fingerprint,
      tasks: tasks.map(({ name, version }) => ({ name, version })),
      files: fileTree(manifest),
      ...(entrypoint.kind === "runner"
        ? { runnerObjectPath: entrypoint.objectPath }
        : { commandOverride: [...entrypoint.argv] }),
    },
  });
  const { id } = await api.workflows.publishWorkflowRelease(request);
  const message = "Published workflow release";
  return {
    id: idFromBytes((id?.uuid ?? new Uint8Array()) as Uint8Array) as string,
    message,
    fingerprint,
    tasks,
    files,
  };
}

/** The real program's recipe is not public and its digest not ours: here every file may be executed. */
async function packItsOwnWay(project: Project, scratch: string) {
  const { files } = await selectFiles(project, []);
  const copies = await Promise.all(
    files.map(async (file) => {
      if (file.kind !== "file") return file;
      const source = join(scratch, "copy", file.path);
      await mkdir(dirname(source), { recursive: true });
      await copyFile(file.source, source);
      await chmod(source, 0o755);
      return { ...file, source };
    }),
  );
  return await packArtifact(copies, join(scratch, `${project.slug}-own.tar.zst`));
}

function option(name: string): string | undefined {
  const at = args.indexOf(name);
  return at === -1 ? undefined : args[at + 1];
}

function fail(message: string, exitCode: number): never {
  process.stderr.write(`${message}\n`);
  process.exit(exitCode);
}
