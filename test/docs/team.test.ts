/** The files of docs/team/, started as they stand there: only places and names of machines are others. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse as parseYaml } from "yaml";
import { createApiClient } from "../../src/api/client.ts";
import { createProgram } from "../../src/cli/program.ts";
import { packOneFile } from "../support/archives.ts";
import { createAuthority, writePair } from "../support/certificates.ts";
import { runSource, serveSource } from "../support/cli-source.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { startS3Server } from "../support/s3-server.ts";
import { createScratchFolder, type ScratchFolder } from "../support/scratch-folder.ts";

const docs = new URL("../../docs/", import.meta.url);
const read = (path: string) => readFile(new URL(path, docs), "utf8");

interface Service {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** What both a container and a unit start. */
const program = ["node", "/opt/workflow-release/dist/cli.js"];

describe("the compose file", () => {
  test("starts control planes that share the database and the bucket", async () => {
    const { services }: { services: Record<string, Service> } = parseYaml(await read("team/compose.yaml"));
    using postgres = await startPostgres({ durable: false });
    await using s3 = await startS3Server();
    await postgres.createDatabase("wfr");
    const started = ["control-plane-1", "control-plane-2"].map(async (name) => {
      const { command, environment } = services[name] ?? assert.fail(`no ${name}`);
      assert.deepEqual(command.slice(0, 3), [...program, "serve"]);
      const database = new URL(environment.WORKFLOW_RELEASE_DATABASE ?? "");
      Object.assign(database, { username: postgres.user, hostname: postgres.host, port: postgres.port });
      const artifacts = new URL(environment.WORKFLOW_RELEASE_ARTIFACTS ?? "");
      artifacts.searchParams.set("endpoint", new URL(s3.location).searchParams.get("endpoint") ?? "");
      return await serveSource(command.slice(3), {
        ...environment,
        ...s3.env,
        WORKFLOW_RELEASE_DATABASE: database.href,
        WORKFLOW_RELEASE_ARTIFACTS: artifacts.href.replace("s3://workflow-release/", `s3://${s3.bucket}/`),
      });
    });
    await using one = await (started[0] ?? assert.fail());
    await using two = await (started[1] ?? assert.fail());
    assert.deepEqual(one.announced.database, two.announced.database);

    const env = { WORKFLOW_RELEASE_DATABASE: postgres.url("wfr") };
    const { secret } = JSON.parse((await runSource(["key", "create", "ci", "--json"], env)).stdout);
    await using folder = await createScratchFolder();
    const archive = await packOneFile(folder, randomBytes(1_000));
    using first = await createApiClient({ url: loopback(one.url), apiKey: secret, env: {} });
    using second = await createApiClient({ url: loopback(two.url), apiKey: secret, env: {} });
    await first.uploadArtifact(archive);
    assert.equal((await second.uploadArtifact(archive)).uploaded, false);
  });
});

describe("the units", () => {
  let folder: ScratchFolder;
  let controlPlane: Unit;
  let url: string;
  let rootFile: string;
  before(async () => {
    const authority = await createAuthority();
    folder = await createScratchFolder({ "root.pem": authority.root });
    rootFile = join(folder.path, "root.pem");
    const pair = await writePair(folder.path, await authority.issue());
    controlPlane = startUnit(await read("team/workflow-release.service"), {
      "/etc/workflow-release/cert.pem": pair.certFile,
      "/etc/workflow-release/key.pem": pair.keyFile,
      "/var/lib/workflow-release": join(folder.path, "data"),
    });
    const { url: announced } = await controlPlane.firstLine();
    url = loopback(String(announced)).replace("127.0.0.1", "localhost");
  });
  after(async () => {
    assert.equal(await controlPlane.stop(), 0);
    await folder[Symbol.asyncDispose]();
  });

  test("start a control plane with TLS, and a runner of its cluster with a runner's key", async () => {
    assert.match(url, /^https:/);
    const data = join(folder.path, "data");
    const client = { TILEBOX_API_URL: url, NODE_EXTRA_CA_CERTS: rootFile };
    const keyOf = async (role: string): Promise<string> => {
      const args = ["key", "create", `a ${role}`, "--role", role, "--data", data, "--json"];
      return JSON.parse((await runSource(args)).stdout).secret;
    };
    const asAdmin = { ...client, TILEBOX_API_KEY: await keyOf("admin") };
    const made = await runSource(["cluster", "create", "Dev", "--slug", "dev"], asAdmin);
    assert.equal(made.exitCode, 0, made.stderr);
    const runner = startUnit(
      (await read("team/workflow-release-runner@.service")).replaceAll("%i", "dev"),
      { "/var/lib/workflow-runner": join(folder.path, "runner") },
      { ...client, TILEBOX_API_KEY: await keyOf("runner") },
    );
    assert.equal((await runner.firstLine()).kind, "started", runner.log());
    assert.equal(await runner.stop(), 0, runner.log());
  });
});

describe("the page", () => {
  test("names commands and options that exist", async () => {
    const { commands } = await createProgram(undefined);
    const pages = await Promise.all(["team.md", "metrics.md", "hosted-service.md", "../README.md"].map(read));
    const lines = pages.flatMap((page) => [...page.matchAll(/workflow-release ([a-z][^`\n#|]*)/g)]);
    const named = lines.map(([, words = ""]) => words.trim().split(/\s+/));
    const ofCommands = named.filter(([name]) => commands.some((command) => command.name() === name));
    assert.ok(ofCommands.length > 15);
    for (const words of ofCommands) {
      const command = commands.find((each) => each.name() === words[0]);
      const used = command?.commands.find((each) => each.name() === words[1]) ?? command;
      for (const option of words.filter((word) => /^--[a-z]/.test(word) && word !== "--help")) {
        const known = used?.options.some(({ long }) => long === option.split("=", 1)[0]);
        assert.ok(known, `workflow-release ${words.join(" ")}: ${option}`);
      }
    }
  });
});

/** What listens on all addresses is reached by this one. */
function loopback(url: string): string {
  return url.replace("0.0.0.0", "127.0.0.1");
}

interface Unit {
  /** What it says first, as --json says it. */
  firstLine(): Promise<Readonly<Record<string, unknown>>>;
  log(): string;
  /** Ends it as systemd does, and returns its exit code. */
  stop(): Promise<number | null>;
}

function startUnit(
  text: string,
  places: Readonly<Record<string, string>>,
  env: Record<string, string> = {},
): Unit {
  const line = /^ExecStart=(?<line>.*)$/m.exec(text)?.groups?.line ?? assert.fail(text);
  const [node, entry, ...args] = Object.entries(places)
    .reduce((replaced, [from, to]) => replaced.replaceAll(from, to), line)
    .split(" ")
    .filter((word) => word !== "");
  assert.deepEqual([node, entry], ["/usr/bin/node", program[1]]);
  const cli = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));
  const free = args[0] === "serve" ? ["--port", "0"] : [];
  const child = spawn(process.execPath, [cli, ...args, ...free, "--json"], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return unitOf(child, once(child, "exit"));
}

function unitOf(child: ChildProcess, exited: Promise<unknown[]>): Unit {
  let log = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    log += chunk;
  });
  const lines = createInterface({ input: child.stdout ?? assert.fail() });
  const first = once(lines, "line");
  const gone = exited.then(() => assert.fail(log));
  gone.catch(() => {}); // It ends sooner or later; only while it starts is that a failure.
  return {
    log: () => log,
    firstLine: async () => JSON.parse(String((await Promise.race([first, gone]))[0])),
    async stop() {
      child.kill("SIGTERM");
      const [code] = await exited;
      return code as number | null;
    },
  };
}
