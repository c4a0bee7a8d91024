/** A server without our digests, and records of deployments that cannot be read. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { packProject } from "../../src/build/pack-project.ts";
import { SystemError } from "../../src/errors.ts";
import { loadProject } from "../../src/project/load.ts";
import { lookUp } from "../../src/stages/look-up.ts";
import { silentLog } from "../support/builds.ts";
import { startControlPlane } from "../support/control-plane.ts";
import { deployRelease, publishProject } from "../support/deployed-release.ts";
import { errorOf } from "../support/errors.ts";
import { servePublicApi } from "../support/public-api-proxy.ts";
import { createScratchProject } from "../support/scratch-project.ts";
import { unruly } from "../support/unruly.ts";

test("records that cannot be read are a failure only where nothing may be built", async () => {
  await using plane = await startControlPlane();
  await using project = await createScratchProject("unruly");
  using admin = await plane.client();
  await admin.workflows.createCluster({ name: "dev", slug: "dev" });
  await deployRelease(admin, await publishProject(admin, project, unruly), "dev");
  await project.edit({ "pyproject.toml": (text) => `${text}\n# another content\n` });
  const packed = await packProject(
    await loadProject(project.folder),
    join(project.folder, ".workflow-release"),
  );

  await using hosted = await servePublicApi(plane.url);
  using api = await plane.client("admin", { url: hosted.url });
  const lines: string[] = [];
  const unreadable = async () => {
    throw new SystemError("api-failed", "GitHub does not permit it");
  };
  const look = (mustFind: boolean) =>
    lookUp(
      api,
      packed,
      { dev: ["dev"], production: [] },
      { mustFind },
      {
        signal: new AbortController().signal,
        log: { ...silentLog, info: (line) => lines.push(line) },
        deploymentRecords: () => ({ find: unreadable, list: unreadable }),
      },
    );
  assert.equal((await look(false)).published, undefined);
  assert.deepEqual(lines, ["Not looked for among the releases, so it is built: GitHub does not permit it"]);
  await assert.rejects(look(true), errorOf("api-failed", /GitHub does not permit it/));
});
