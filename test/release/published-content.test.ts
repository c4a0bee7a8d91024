import assert from "node:assert/strict";
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
import { publishBuild } from "../../src/release/publish.ts";
import { lookUpContent } from "../../src/release/published-content.ts";
import { silentLog } from "../support/builds.ts";
import { startControlPlane, type TestControlPlane } from "../support/control-plane.ts";
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
    assert.deepEqual(await lookUpContent(api, packed, never), { published: undefined, newest: undefined });
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
