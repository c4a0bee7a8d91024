/** The official SDK's clients for clusters and workflows, every method, against a control plane of its own process. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { type ApiClient, createApiClient } from "../../src/api/client.ts";
import { idFromBytes } from "../../src/engine/id.ts";
import { createKey } from "../../src/server/auth.ts";
import type { Store } from "../../src/store/port.ts";
import { publishRequestOf } from "../server/services/workflows-under-test.ts";
import { type ControlPlaneProcess, startControlPlaneProcess } from "../support/control-plane-process.ts";
import { onBothEngines, openStoreBeside } from "./engines.ts";
import {
  type SdkCluster,
  type SdkDeployment,
  SdkError,
  type SdkTransport,
  type SdkWorkflow,
  startSdkClient,
} from "./sdk-client.ts";

/** A raised exception that is one of this class of the SDK's documentation and says this. */
const raised = (className: string, message: RegExp) => (error: unknown) =>
  error instanceof SdkError && error.classes.includes(className) && message.test(error.message);

onBothEngines((openPlace) => {
  const resources = new AsyncDisposableStack();
  let controlPlane: ControlPlaneProcess;
  let token: string;
  /** The SDK has no publish: this side publishes, with artifacts that are written past the server. */
  let api: ApiClient;
  let store: Store;

  before(async () => {
    const place = await openPlace(resources);
    controlPlane = resources.use(await startControlPlaneProcess(place.dataFolder, "keys", place.database));
    store = await openStoreBeside(place);
    resources.defer(() => store.close());
    token = (await createKey(store.keys, { name: "ci", role: "admin" }, randomBytes)).secret;
    api = resources.use(
      await createApiClient({ url: controlPlane.url, apiKey: token, protocol: "connect", env: {} }),
    );
  });
  after(() => resources.disposeAsync());

  const connect = (transport: SdkTransport) => startSdkClient({ url: controlPlane.url, token, transport });

  async function publish(workflowSlug: string, name: string): Promise<string> {
    const { id } = await api.workflows.publishWorkflowRelease(
      await publishRequestOf(store, workflowSlug, name),
    );
    return idFromBytes(id?.uuid ?? new Uint8Array()) ?? assert.fail("no id");
  }

  for (const transport of ["grpc", "http1"] as const) {
    describe(`over ${transport}`, () => {
      test("clusters: create, find, update, list, delete", async () => {
        await using sdk = await connect(transport);
        const own = `own-${transport}`;
        const made = await sdk.call<SdkCluster>("clusters().create", ["Dev Cluster"], {
          description: "for trying",
        });
        assert.match(made.slug, /^dev-cluster-[1-9A-Za-z]{14}$/);
        const created = await sdk.call<SdkCluster>("clusters().create", ["Own"], { slug: own });
        const { slug, display_name, deletable, deployed_workflows } = created;
        assert.deepEqual([slug, display_name, deletable, deployed_workflows], [own, "Own", true, []]);
        assert.deepEqual(await sdk.call<SdkCluster>("clusters().find", [own]), created);

        const fallback = await sdk.call<SdkCluster>("clusters().find", [""]);
        assert.deepEqual([fallback.display_name, fallback.deletable], ["Default", false]);
        const all = await sdk.call<SdkCluster[]>("clusters().all");
        assert.deepEqual(all[0], fallback);
        assert.ok(all.some((cluster) => cluster.slug === made.slug));

        const updated = await sdk.call<SdkCluster>("clusters().update", [made.slug], { name: "Renamed" });
        assert.deepEqual([updated.display_name, updated.description], ["Renamed", "for trying"]);
        assert.deepEqual(
          await sdk.call<SdkCluster>("clusters().update", [made.slug]),
          updated,
          "nothing set, nothing changed",
        );
        const cleared = await sdk.call<SdkCluster>("clusters().update", [made.slug], { description: "" });
        assert.equal(cleared.description, null);

        for (const slug of [made.slug, own]) await sdk.call("clusters().delete", [slug]);
        await assert.rejects(
          sdk.call<SdkCluster>("clusters().find", [own]),
          raised("NotFoundError", /no cluster "own/),
        );
      });

      test("workflows: create, find, update, list, delete", async () => {
        await using sdk = await connect(transport);
        const made = await sdk.call<SdkWorkflow>("workflows().create", ["My Workflow", "short"], {
          description: "long",
        });
        assert.match(made.slug, /^my-workflow-[1-9A-Za-z]{14}$/);
        assert.deepEqual([made.name, made.summary, made.description], ["My Workflow", "short", "long"]);
        assert.deepEqual(await sdk.call<SdkWorkflow>("workflows().find", [made.slug]), made);
        const all = await sdk.call<SdkWorkflow[]>("workflows().all");
        assert.ok(all.some((workflow) => workflow.slug === made.slug));
        const updated = await sdk.call<SdkWorkflow>("workflows().update", [made.slug], {
          name: "Renamed",
          summary: "",
        });
        assert.deepEqual([updated.name, updated.summary, updated.description], ["Renamed", "", "long"]);
        await sdk.call("workflows().delete", [made.slug]);
        await assert.rejects(
          sdk.call<SdkWorkflow>("workflows().find", [made.slug]),
          raised("NotFoundError", /no workflow/),
        );
      });

      test("releases: deploy, replace, undeploy, unpublish", async () => {
        await using sdk = await connect(transport);
        const dev = (await sdk.call<SdkCluster>("clusters().create", ["dev"])).slug;
        const workflow = (await sdk.call<SdkWorkflow>("workflows().create", ["Greetings", "s"])).slug;
        const first = await publish(workflow, `${transport} 1`);
        const second = await publish(workflow, `${transport} 2`);

        const found = await sdk.call<SdkWorkflow>("workflows().find", [workflow]);
        assert.deepEqual(
          found.releases.map((release) => release.id),
          [second, first],
          "newest first",
        );
        const { content, artifact, created_at } = found.releases[1] ?? assert.fail();
        assert.deepEqual(content.tasks, [{ name: "greet", version: "v1.0" }]);
        assert.equal(content.runner_object_path, "greetings:runner");
        assert.equal(content.files[0]?.children[0]?.path, "src/tasks.py");
        assert.match(artifact.digest, /^[0-9a-f]{64}$/);
        assert.ok(Math.abs(Date.parse(created_at) - Date.now()) < 600_000);

        const deployed = await sdk.call<SdkDeployment>("workflows().deploy_release", [workflow, first], {
          clusters: [dev, ""],
        });
        assert.equal(deployed.release.id, first);
        assert.deepEqual(
          deployed.clusters.map(
            (cluster) => cluster.deployed_workflows.filter(({ slug }) => slug === workflow).length,
          ),
          [1, 1],
        );
        const replaced = await sdk.call<SdkDeployment>("workflows().deploy_release", [workflow, second], {
          clusters: dev,
        });
        const onDev = replaced.clusters[0]?.deployed_workflows ?? [];
        assert.deepEqual([onDev.length, onDev[0]?.slug, onDev[0]?.releases[0]?.id], [1, workflow, second]);
        assert.deepEqual(replaced.release.clusters[0]?.slug, dev);

        const undeployed = await sdk.call<SdkDeployment>("workflows().undeploy_release", [workflow, second], {
          clusters: [dev],
        });
        assert.deepEqual(undeployed.clusters[0]?.deployed_workflows, []);
        // Without clusters it is the default one.
        const onDefault = await sdk.call<SdkDeployment>("workflows().undeploy_release", [workflow, first]);
        assert.equal(onDefault.clusters[0]?.display_name, "Default");
        await sdk.call("workflows().unpublish_release", [workflow, first]);
        assert.equal((await sdk.call<SdkWorkflow>("workflows().find", [workflow])).releases.length, 1);
      });

      test("mistakes arrive as the exceptions of the SDK's documentation, with their reason", async () => {
        await using sdk = await connect(transport);
        const taken = `taken-${transport}`;
        await sdk.call<SdkCluster>("clusters().create", ["taken"], { slug: taken });
        const workflow = (await sdk.call<SdkWorkflow>("workflows().create", ["Greetings", "s"])).slug;
        const release = await publish(workflow, `${transport} mistakes`);
        await sdk.call<SdkDeployment>("workflows().deploy_release", [workflow, release], {
          clusters: [taken],
        });
        const unknownRelease = "01890000-0000-7000-8000-000000000001";
        const defaultSlug = (await sdk.call<SdkCluster>("clusters().find", [""])).slug;
        const mistakes: readonly (readonly [string, readonly unknown[], object, string, RegExp])[] = [
          ["clusters().create", [""], {}, "ArgumentError", /name: must not be empty/],
          ["clusters().create", ["x"], { slug: "no slug" }, "ArgumentError", /slug: is no slug/],
          // The SDK has no class of its own for it and shows the reason behind "Oops".
          ["clusters().create", ["x"], { slug: taken }, "InternalServerError", /"taken-.*" exists already/],
          ["clusters().find", ["unknown"], {}, "NotFoundError", /no cluster "unknown"/],
          ["clusters().update", ["unknown"], { name: "x" }, "NotFoundError", /no cluster "unknown"/],
          ["clusters().delete", ["unknown"], {}, "NotFoundError", /no cluster "unknown"/],
          ["clusters().delete", [taken], {}, "ArgumentError", /has releases of/],
          ["clusters().delete", [defaultSlug], {}, "ArgumentError", /is the default cluster/],
          ["workflows().create", ["", "s"], {}, "ArgumentError", /name: must not be empty/],
          ["workflows().find", ["unknown"], {}, "NotFoundError", /no workflow "unknown"/],
          ["workflows().update", ["unknown"], {}, "NotFoundError", /no workflow "unknown"/],
          ["workflows().delete", [workflow], {}, "ArgumentError", /is deployed on/],
          ["workflows().deploy_release", [workflow, unknownRelease], {}, "NotFoundError", /no release/],
          [
            "workflows().deploy_release",
            [workflow, release],
            { clusters: ["nowhere", "elsewhere"] },
            "NotFoundError",
            /clusters "nowhere", "elsewhere"/,
          ],
          ["workflows().undeploy_release", [workflow, unknownRelease], {}, "NotFoundError", /no release/],
          ["workflows().unpublish_release", [workflow, unknownRelease], {}, "NotFoundError", /no release/],
          ["workflows().unpublish_release", [workflow, release], {}, "ArgumentError", /is deployed on/],
        ];
        for (const [call, args, kwargs, className, message] of mistakes) {
          await assert.rejects(sdk.call(call, args, { ...kwargs }), raised(className, message), call);
        }
        await sdk.call<SdkDeployment>("workflows().undeploy_release", [workflow, release], {
          clusters: [taken],
        });
        await sdk.call("clusters().delete", [taken]);
      });

      test("no key, and a key that may not deploy, are authentication errors", async () => {
        const anonymous = await startSdkClient({ url: controlPlane.url, transport });
        await using _ = anonymous;
        await assert.rejects(anonymous.call("clusters().all"), raised("AuthenticationError", /API key/));
        const { secret } = await createKey(store.keys, { name: transport, role: "runner" }, randomBytes);
        await using runner = await startSdkClient({ url: controlPlane.url, token: secret, transport });
        await runner.call("clusters().all");
        await assert.rejects(
          runner.call("clusters().create", ["x"]),
          raised("AuthenticationError", /runner/),
        );
      });
    });
  }
});
