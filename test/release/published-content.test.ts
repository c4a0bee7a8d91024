import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { ApiClient } from "../../src/api/client.ts";
import { fingerprint } from "../../src/artifact/fingerprint.ts";
import type { Build } from "../../src/build/build.ts";
import { type PackedProject, packProject } from "../../src/build/pack-project.ts";
import { contractOfNames } from "../../src/engine/contract.ts";
import type { TaskIdentifier } from "../../src/engine/task-identifier.ts";
import { loadProject } from "../../src/project/load.ts";
import { changesSince } from "../../src/release/content-changes.ts";
import type { DeploymentRecord, DeploymentRecords } from "../../src/release/deployment-records.ts";
import { publishBuild } from "../../src/release/publish.ts";
import { lookUpContent, noReleaseHas } from "../../src/release/published-content.ts";
import { recordedReleases } from "../../src/release/recorded-content.ts";
import { silentLog } from "../support/builds.ts";
import { startControlPlane, type TestControlPlane } from "../support/control-plane.ts";
import { servePublicApi } from "../support/public-api-proxy.ts";
import { createScratchFolder, type ScratchFolder } from "../support/scratch-folder.ts";

const never = new AbortController().signal;
const one: TaskIdentifier[] = [{ name: "one", version: "v1.0" }];
const two: TaskIdentifier[] = [...one, { name: "two", version: "v2.1" }];

describe("content that is published already", () => {
  let controlPlane: TestControlPlane;
  let api: ApiClient;
  let folder: ScratchFolder;
  before(async () => {
    controlPlane = await startControlPlane();
    api = await controlPlane.client();
    folder = await createScratchFolder();
  });
  after(async () => {
    api[Symbol.dispose]();
    await controlPlane[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  async function pack(slug: string, files: Record<string, string>, runner = "main:runner") {
    const config = `[workflow]\nslug = "${slug}"\nrunner = "${runner}"\n[build]\ninclude = ["*.py"]\n`;
    const path = (name: string) => `${slug}/${name}`;
    const all = Object.entries({ ...files, "tilebox.workflow.toml": config });
    await folder.write(Object.fromEntries(all.map(([name, text]) => [path(name), text])));
    return await packProject(await loadProject(join(folder.path, slug)), join(folder.path, "out"));
  }

  async function publish(packed: PackedProject, tasks: TaskIdentifier[], changes: Partial<Build> = {}) {
    const { manifest, digest, project } = packed;
    const { entrypoint, slug } = project;
    const build: Build = {
      formatVersion: 1,
      ...{ slug, entrypoint, manifest, digest, tasks },
      fingerprint: fingerprint({ manifest, entrypoint, tasks }),
      contract: contractOfNames(tasks, "not read"),
      archive: await packed.writeArchive(),
      measured: { ...packed.measured, discoverMs: 0 },
      notices: [],
      ...changes,
    };
    return await publishBuild(api, build, { createWorkflow: true, signal: never, log: silentLog });
  }

  const found = async (packed: PackedProject) => (await lookUpContent(api, packed, never)).published;

  it("is none where there is no workflow, or none of its releases has the digest", async () => {
    const packed = await pack("absent", { "main.py": "a" });
    assert.deepEqual(await lookUpContent(api, packed, never), {
      published: undefined,
      fitting: [],
      newest: undefined,
    });
    await publish(packed, one);
    const other = await pack("absent", { "main.py": "b" });
    assert.equal(await found(other), undefined);
  });

  it("is found by digest and entry point, with the tasks that its build found and its time", async () => {
    const packed = await pack("same", { "main.py": "a" });
    const release = await publish(packed, two);
    const published = await found(await pack("same", { "main.py": "a" }));
    assert.equal(published?.release.id, release.id);
    assert.ok(Math.abs(Date.now() - (published.release.publishedAtMs ?? 0)) < 60_000);
    assert.deepEqual(published.content.tasks, two);
    assert.equal(published.content.fingerprint, release.fingerprint);
    assert.equal(await found(await pack("same", { "main.py": "a" }, "main:other")), undefined);
  });

  it("is left to a build where one content was published with different tasks", async () => {
    const packed = await pack("twice", { "main.py": "a" });
    const first = await publish(packed, one);
    assert.equal((await found(packed))?.release.id, first.id);
    await publish(packed, two);
    assert.equal(await found(packed), undefined);
  });

  it("is not what another program published under a fingerprint of its own", async () => {
    const packed = await pack("foreign", { "main.py": "a" });
    await publish(packed, one, { fingerprint: "9".repeat(64) });
    assert.equal(await found(packed), undefined);
  });

  it("is found by a record where the server has a digest of its own, if files and entry point agree", async () => {
    const packed = await pack("recorded", { "main.py": "a", "lib.py": "b" });
    // What the official CLI publishes has a digest and a fingerprint of its own.
    const foreign = await pack("recorded", { "main.py": "another digest", "lib.py": "b" });
    const release = await publish(foreign, two, { fingerprint: "9".repeat(64) });
    const recordedAs = async (project: PackedProject, ...ids: string[]) =>
      (await lookUpContent(api, project, never, async () => new Set(ids))).published;
    const published = await recordedAs(packed, release.id);
    assert.equal(published?.release.id, release.id);
    assert.equal(published.release.digest, packed.digest);
    assert.deepEqual(published.content.tasks, two);
    assert.equal(await recordedAs(packed), undefined);
    assert.equal(await recordedAs(packed, "0192f0c1-2d3e-7f4a-8b5c-6d7e8f901234"), undefined);
    const moreFiles = await pack("recorded", { "main.py": "a", "lib.py": "b", "new.py": "c" });
    assert.equal(await recordedAs(moreFiles, release.id), undefined);
    await rm(join(folder.path, "recorded/new.py"));
    const otherEntry = await pack("recorded", { "main.py": "a", "lib.py": "b" }, "lib:runner");
    assert.equal(await recordedAs(otherEntry, release.id), undefined);
  });

  it("is looked for in the records of the named clusters, on a server without our digests only", async () => {
    const digest = "d".repeat(64);
    const recordOf = (cluster: string, release: string, of: string): DeploymentRecord => ({
      ...{ workflow: "w", cluster, release, digest: of, atMs: 0, outcome: "superseded", gates: [] },
    });
    const asked: string[] = [];
    const records: DeploymentRecords = {
      find: async () => undefined,
      list: async (workflow, cluster) => {
        asked.push(`${workflow} ${cluster}`);
        return [recordOf(cluster, `r-${cluster}`, digest), recordOf(cluster, "other", "e".repeat(64))];
      },
    };
    const content = { workflow: "w", clusters: ["dev", "production"], digest };
    assert.equal((await recordedReleases(api, records, content, never)).size, 0);
    assert.deepEqual(asked, []);
    await using hosted = await servePublicApi(controlPlane.url);
    using hostedApi = await controlPlane.client("admin", { url: hosted.url });
    const found = await recordedReleases(hostedApi, records, content, never);
    assert.deepEqual([...found], ["r-dev", "r-production"]);
    const packed = await pack("unrecorded", { "main.py": "a" });
    assert.match((await noReleaseHas(api, packed, ["dev"], never)).message, /^No release of unrecorded has/);
    assert.match(
      (await noReleaseHas(hostedApi, packed, ["dev"], never)).message,
      /GitHub Deployments of dev$/,
    );
  });

  it("is compared with the newest release, file by file", async () => {
    await publish(await pack("compared", { "a.py": "a", "b.py": "b", "main.py": "m" }), one);
    const packed = await pack("compared", { "a.py": "changed", "c.py": "c" });
    const { newest } = await lookUpContent(api, packed, never);
    assert(newest !== undefined);
    const changes = await changesSince(api, newest, packed, never);
    assert.deepEqual(changes, {
      since: { kind: "release", id: newest.id },
      added: ["c.py"],
      changed: ["a.py"],
      removed: [],
    });
    const unknown = await changesSince(api, { ...newest, digest: "0".repeat(64) }, packed, never);
    assert.equal(unknown, undefined);
  });
});
