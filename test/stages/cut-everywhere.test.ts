/**
 * Publishing and deploying with the real pipeline, a real build and a real control plane process, while the network
 * ends at every exchange in turn: before the request, in it, before the answer, in it.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createApiClient } from "../../src/api/client.ts";
import { openLocalCache } from "../../src/build/cache/open-cache.ts";
import { type ReleaseError, toReleaseError } from "../../src/errors.ts";
import { runPipeline } from "../../src/pipeline.ts";
import { hasChanged, type RunRecord, startRecord } from "../../src/report/record.ts";
import { stageDeps } from "../../src/stages/real-stages.ts";
import { silentLog } from "../support/builds.ts";
import { startControlPlaneProcess } from "../support/control-plane-process.ts";
import { connectionFaults, type FaultyProxy, startFaultyProxy } from "../support/faulty-proxy.ts";
import { createScratchFolder, type ScratchFolder } from "../support/scratch-folder.ts";
import { createScratchProject, type ScratchProject } from "../support/scratch-project.ts";

const slugs = ["tiles-dev", "tiles-north"];
const quickRetries = { attempts: 2, firstDelayMs: 1, delayFactor: 1, maxDelayMs: 1, totalMs: 5_000 };

describe("publishing and deploying over a network that ends", () => {
  let folder: ScratchFolder;
  let project: ScratchProject;
  before(async () => {
    folder = await createScratchFolder();
    project = await createScratchProject("tiles");
  });
  after(async () => {
    await project[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  /** One run of `publish` with --create-workflow. The build is real the first time, and from the cache later on. */
  async function publish(
    proxy: FaultyProxy,
  ): Promise<{ record: RunRecord; failure: ReleaseError | undefined }> {
    const record = startRecord(0);
    const api = { url: proxy.url, apiKey: undefined };
    const cache = { kind: "on", apiKey: undefined } as const;
    const deps = stageDeps({
      ...{ log: silentLog, signal: new AbortController().signal, env: process.env },
      endsAtMs: Number.POSITIVE_INFINITY,
      source: { folder: project.folder, commit: undefined },
      outputFolder: () => join(folder.path, "output"),
      openCache: () => openLocalCache(cache, join(folder.path, "cache"), process.env),
    });
    const failure = await runPipeline(
      {
        ...{ projectFolder: project.folder, smokeTask: undefined, allow: new Map(), gates: [] },
        publish: { kind: "publish", why: "a test", api, createWorkflow: true, release: { kind: "auto" } },
        clusters: {
          dev: [{ kind: "slug", slug: "tiles-dev" }],
          production: [{ kind: "slug", slug: "tiles-north" }],
        },
        ...{ onFailure: undefined, plan: undefined },
      },
      record,
      {
        ...deps,
        connect: () => createApiClient({ ...api, env: process.env, retryPolicy: quickRetries }),
      },
    ).then(() => undefined, toReleaseError);
    return { record, failure };
  }

  async function withControlPlane(work: (proxy: FaultyProxy, url: string) => Promise<void>): Promise<void> {
    await using data = await createScratchFolder();
    await using server = await startControlPlaneProcess(data.path, "none");
    await using proxy = await startFaultyProxy(server.url);
    using api = await createApiClient({ url: server.url, apiKey: undefined, env: {} });
    for (const slug of slugs) await api.workflows.createCluster({ name: slug, slug });
    await work(proxy, server.url);
  }

  /** Runs again on a network that works: the end is one release, deployed once. */
  async function assertOneRelease(proxy: FaultyProxy, url: string, publishedBefore: boolean): Promise<void> {
    proxy.fail = () => undefined;
    const second = await publish(proxy);
    assert.equal(second.failure, undefined);
    assert.equal(second.record.release?.outcome, publishedBefore ? "reused" : "created");
    const third = await publish(proxy);
    assert.equal(third.record.release?.outcome, "reused");
    assert.deepEqual(
      [...third.record.deployments.values()].map(({ outcome }) => outcome),
      ["unchanged", "unchanged"],
    );
    assert.equal(hasChanged(third.record), false);
    using api = await createApiClient({ url, apiKey: undefined, env: {} });
    const page = await api.readHistory({ workflow: "tiles" });
    const events = page?.entries.map((entry) =>
      [entry.kind, "cluster" in entry ? entry.cluster : ""].join(" "),
    );
    assert.deepEqual(events?.toSorted(), ["deploy tiles-dev", "deploy tiles-north", "publish "]);
    const { releases } = await api.workflows.getWorkflow({ workflowSlug: "tiles" });
    assert.equal(releases.length, 1);
  }

  it("ends with one release, deployed once, wherever the connection was cut", async (t) => {
    const calls: string[] = [];
    await withControlPlane(async (proxy, url) => {
      proxy.fail = ({ name }) => {
        calls.push(name);
        return undefined;
      };
      assert.equal((await publish(proxy)).failure, undefined);
      await assertOneRelease(proxy, url, true);
    });
    t.diagnostic(`${calls.length} exchanges: ${calls.join(", ")}`);
    for (const [cutAt, name] of calls.entries()) {
      for (const fault of connectionFaults) {
        await t.test(`call ${cutAt + 1}, ${name}: ${fault}, and nothing from then on`, async () => {
          await withControlPlane(async (proxy, url) => {
            let seen = 0;
            let isPublished = false;
            proxy.fail = (call) => {
              const index = seen++;
              if (index > cutAt) return "request";
              const arrives = index < cutAt || fault === "answer" || fault === "half-answer";
              if (call.name === "PublishWorkflowRelease" && arrives) isPublished = true;
              return index === cutAt ? fault : undefined;
            };
            const first = await publish(proxy);
            assert.notEqual(first.failure, undefined, "it did not notice");
            await assertOneRelease(proxy, url, isPublished);
          });
        });
      }
    }
  });
});
