/** The publisher with a stand-in for `tilebox`, a real worker and a control plane that shows its public API alone. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type ApiClient, createApiClient } from "../../../src/api/client.ts";
import type { Build } from "../../../src/build/build.ts";
import { ReleaseError } from "../../../src/errors.ts";
import { publishBuild } from "../../../src/release/publish.ts";
import { choosePublisher } from "../../../src/release/publisher/choose.ts";
import { type CliLimits, createCliPublisher } from "../../../src/release/publisher/official-cli.ts";
import { buildScratch, silentLog } from "../../support/builds.ts";
import { startControlPlane, type TestControlPlane } from "../../support/control-plane.ts";
import { errorOf } from "../../support/errors.ts";
import type { ForeignServer } from "../../support/foreign-server.ts";
import { servePublicApi } from "../../support/public-api-proxy.ts";
import { createScratchProject, type ScratchProject } from "../../support/scratch-project.ts";
import {
  installTileboxStandIn,
  type StandInFailure,
  type TileboxStandIn,
} from "../../support/tilebox-stand-in.ts";
import { assertNothingLeft } from "../../support/workers.ts";

const never = new AbortController().signal;
/** In the environment of the program and of all that it starts. */
const mark = randomUUID();
const patient: CliLimits = { askMs: 60_000, publishMs: 120_000 };

describe("publishing through the official CLI", () => {
  const resources = new AsyncDisposableStack();
  let plane: TestControlPlane;
  let hosted: ForeignServer;
  let tilebox: TileboxStandIn;
  let project: ScratchProject;
  let build: Build;
  let apiKey: string;
  let api: ApiClient;

  before(async () => {
    plane = resources.use(await startControlPlane());
    hosted = resources.use(await servePublicApi(plane.url));
    tilebox = resources.use(await installTileboxStandIn(plane.url));
    project = resources.use(await createScratchProject("tiles"));
    build = await buildScratch(project);
    apiKey = await plane.createKey("admin");
    api = resources.use(await createApiClient({ url: hosted.url, apiKey, env: {} }));
    await api.workflows.createWorkflow({ name: "tiles" });
  });
  after(() => resources.disposeAsync());

  const options = (signal = never, limits = patient) => ({
    target: { url: hosted.url, apiKey },
    projectFolder: project.folder,
    digestNow: async () => build.digest,
    env: {
      ...process.env,
      PATH: tilebox.path,
      "INPUT_API-KEY": apiKey,
      GITHUB_TOKEN: "ghs_secret",
      MARK: mark,
    },
    signal,
    log: silentLog,
    limits,
  });

  async function publishing(failure: StandInFailure, limits = patient) {
    await tilebox.behave(failure);
    return await (await createCliPublisher(options(never, limits))).publish(build);
  }

  it("is chosen for a server without an artifact endpoint, and only for such", async () => {
    assert.equal((await choosePublisher(api, options())).name, "tilebox 0.3.1");
    using own = await plane.client();
    assert.equal((await choosePublisher(own, options())).name, "the control plane's artifact endpoint");
  });

  it("makes a release with the server's own fingerprint, and finds it the second time", async () => {
    await tilebox.behave("none");
    const publishOptions = {
      createWorkflow: false,
      publisher: await choosePublisher(api, options()),
      signal: never,
      log: silentLog,
    };
    const created = await publishBuild(api, build, publishOptions);
    assert.equal(created.outcome, "created");
    assert.notEqual(created.fingerprint, build.fingerprint);
    assert.equal(created.digest, build.digest, "ours is what later runs look for");
    const { releases } = await api.workflows.getWorkflow({ workflowSlug: "tiles" });
    assert.notEqual(releases[0]?.artifact?.digest, build.digest);
    assert.deepEqual(await publishBuild(api, build, publishOptions), { ...created, outcome: "reused" });
  });

  it("gives the key through the environment alone, and nothing else that is secret", async () => {
    const lines = (await readFile(tilebox.callsFile, "utf8")).trim().split("\n");
    const calls: { args: string[]; folder: string; secrets: string[] }[] = lines.map((line) =>
      JSON.parse(line),
    );
    assert.ok(calls.some(({ args }) => args.includes("publish-release") && args.includes("--json")));
    for (const { args, folder, secrets } of calls) {
      assert.equal(folder, project.folder);
      assert.deepEqual(secrets, ["TILEBOX_API_KEY"]);
      assert.ok(!args.join(" ").includes(apiKey));
    }
  });

  for (const [failure, code, said] of [
    ["old", "cli-too-old", /unknown command/],
    ["no-json", "cli-answer-invalid", /is no JSON/],
    ["no-id", "cli-answer-invalid", /id: "latest" is not a UUID/],
    ["exit-code", "cli-failed", /^error: the artifact could not be uploaded$/m],
    ["key-rejected", "unauthenticated", /the API key is not valid/],
    ["prints-key", "cli-failed", /request with \*\*\* failed/],
    ["other-files", "cli-content-differs", /file notes\/todo\.txt: in the release, not in the build/],
    ["other-tasks", "cli-content-differs", /task tiles\/Tile@v1\.0: in the build, not in the release/],
  ] as const) {
    it(`${failure}: ${code}`, async () => {
      await assert.rejects(publishing(failure), (error: unknown) => {
        assert.ok(error instanceof ReleaseError);
        assert.equal(error.code, code);
        const text = error.problems.map(({ message }) => message).join("\n");
        assert.match(text, said);
        assert.ok(!JSON.stringify([error.message, text, error.next]).includes(apiKey));
        return true;
      });
    });
  }

  it("is refused when the files changed meanwhile", async () => {
    await tilebox.behave("none");
    const publisher = await createCliPublisher({ ...options(), digestNow: async () => "0".repeat(64) });
    await assert.rejects(
      publisher.publish(build),
      errorOf("files-changed", /changed while tilebox published/),
    );
  });

  it("ends a program that hangs, with everything that it started", async () => {
    await assert.rejects(
      publishing("hang", { askMs: 60_000, publishMs: 1_000 }),
      errorOf("cli-timeout", /workflow publish-release --json did not end within 1 s/),
    );
    await assert.rejects(
      publishing("hang-at-start", { askMs: 1_000, publishMs: 1_000 }),
      errorOf("cli-timeout", /--version/),
    );
    await assertNothingLeft(mark);
  });

  it("does not wait for it when the run is stopped", async () => {
    await tilebox.behave("hang");
    const stop = new AbortController();
    const limits = { askMs: 60_000, publishMs: 5_000 };
    const publisher = await createCliPublisher(options(stop.signal, limits));
    const publishing = publisher.publish(build);
    stop.abort(new Error("stopped"));
    await assert.rejects(publishing, /stopped/);
    await assert.rejects(createCliPublisher(options(stop.signal)), /stopped/);
  });

  it("says how to install it where it is not", async () => {
    const env = { ...process.env, PATH: join(project.folder, "nowhere") };
    await assert.rejects(createCliPublisher({ ...options(), env }), errorOf("cli-missing"));
  });
});
