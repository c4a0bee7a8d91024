import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { createConnectRouter } from "@connectrpc/connect";
import { authenticateByKey, createKey } from "../../src/server/auth.ts";
import { createRoutes } from "../../src/server/routes.ts";
import { startControlPlane, type TestControlPlane } from "../support/control-plane.ts";
import { errorOf } from "../support/errors.ts";

/** Everything that is served, as `Service/Method`. */
const methods = (() => {
  const router = createConnectRouter();
  createRoutes({}, { authenticate: async () => ({ name: "", role: "admin" }), report: () => {} })(router);
  return router.handlers.map(({ requestPath }) => requestPath);
})();

/** What a runner's key must not do: it is in the hands of the code that a project's tasks run. */
const adminOnly = [
  "CreateCluster",
  "UpdateCluster",
  "DeleteCluster",
  "CreateWorkflow",
  "UpdateWorkflow",
  "DeleteWorkflow",
  "PublishWorkflowRelease",
  "UnpublishWorkflowRelease",
  "DeployWorkflowRelease",
  "UndeployWorkflowRelease",
].map((name) => `/workflows.v1.WorkflowsService/${name}`);

const digest = "a".repeat(64);

describe("authenticateByKey", () => {
  it("looks a key up once for all who ask in one turn of the event loop, and again in a later one", async () => {
    let isRevoked = false;
    let lookUps = 0;
    const authenticate = authenticateByKey({
      findKey: async () => {
        lookUps++;
        return isRevoked ? undefined : { name: "ci", role: "runner" };
      },
    });
    const together = await Promise.all([authenticate("Bearer one"), authenticate("Bearer one")]);
    assert.deepEqual([together.map(({ name }) => name), lookUps], [["ci", "ci"], 1]);
    await authenticate("Bearer two");
    assert.equal(lookUps, 2);
    isRevoked = true;
    await new Promise((resolve) => setImmediate(resolve));
    await assert.rejects(authenticate("Bearer one"), { code: "unauthenticated" });
  });
});

describe("API keys", () => {
  let server: TestControlPlane;
  before(async () => {
    server = await startControlPlane();
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    assert.deepEqual(server.failures, []);
  });

  const send = (method: string, path: string, authorization?: string) =>
    fetch(server.url + path, {
      method,
      headers: { "content-type": "application/json", ...(authorization ? { authorization } : {}) },
      ...(method === "POST" || method === "PUT" ? { body: "{}" } : {}),
    });

  it("are asked for by everything but health", async () => {
    assert.ok(methods.length > 30);
    for (const path of methods) {
      for (const authorization of [undefined, "Bearer wrong", "Basic d3Jvbmc=", "Bearer", "Bearer "]) {
        assert.equal((await send("POST", path, authorization)).status, 401, `${path} ${authorization}`);
      }
    }
    for (const method of ["HEAD", "GET", "PUT"]) {
      const answer = await send(method, `/artifacts/${digest}`);
      assert.deepEqual([answer.status, answer.headers.get("www-authenticate")], [401, "Bearer"], method);
    }
    for (const path of ["/healthz", "/readyz"]) assert.equal((await send("GET", path)).status, 200);
  });

  it("are taken with the scheme in any case", async () => {
    const key = await server.createKey("admin");
    const path = "/workflows.v1.WorkflowsService/ListClusters";
    for (const scheme of ["Bearer", "bearer", "BEARER"]) {
      assert.equal((await send("POST", path, `${scheme} ${key}`)).status, 200);
    }
  });

  it("of runners may not publish, deploy or change what exists", async () => {
    const runner = `Bearer ${await server.createKey("runner")}`;
    for (const path of methods) {
      const { status } = await send("POST", path, runner);
      if (adminOnly.includes(path)) assert.equal(status, 403, path);
      else assert.notEqual(status, 403, path);
    }
    assert.equal((await send("PUT", `/artifacts/${digest}`, runner)).status, 403);
    assert.equal((await send("GET", `/artifacts/${digest}`, runner)).status, 404);
  });

  it("say who may not do what", async () => {
    using api = await server.client("runner");
    const call = api.workflows.createWorkflow({ name: "x" });
    await assert.rejects(
      call,
      errorOf("permission-denied", /"runner-\d+" has the role runner, which may not call/),
    );
  });

  it("stop working at once when they are revoked", async () => {
    const made = await createKey(
      server.plane.store.keys,
      { name: "short-lived", role: "admin" },
      randomBytes,
    );
    const path = "/workflows.v1.WorkflowsService/ListClusters";
    assert.equal((await send("POST", path, `Bearer ${made.secret}`)).status, 200);
    await server.plane.store.keys.revokeKey("short-lived");
    assert.equal((await send("POST", path, `Bearer ${made.secret}`)).status, 401);
  });

  it("are 256 random bits behind a prefix, and kept nowhere as they are", async () => {
    const { secret, key } = await createKey(
      server.plane.store.keys,
      { name: "kept-nowhere", role: "admin" },
      randomBytes,
    );
    assert.match(secret, /^wfr_[A-Za-z0-9_-]{43}$/);
    assert.ok(!JSON.stringify(key).includes(secret.slice(4)));
  });
});

describe("without keys", () => {
  it("only loopback addresses are served", async () => {
    await using server = await startControlPlane("none");
    for (const host of ["0.0.0.0", "::", "192.0.2.1", "example.com"]) {
      await assert.rejects(
        server.plane.listen([{ kind: "tcp", host, port: 0 }], "none"),
        errorOf("auth-required"),
      );
    }
  });

  it("everyone on loopback may do everything, unless it comes under another name", async () => {
    await using server = await startControlPlane("none");
    const ask = (host: string) =>
      server.send([
        `POST /workflows.v1.WorkflowsService/CreateWorkflow HTTP/1.1\r\nhost: ${host}\r\n`,
        'connection: close\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n{"name":"x"}',
      ]);
    for (const host of ["localhost", `127.0.0.1:${server.port}`, "[::1]:80"]) {
      assert.match(await ask(host), /^HTTP\/1\.1 200 /, host);
    }
    // A web page's own name that its owner lets resolve to 127.0.0.1.
    for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80"]) {
      assert.match(await ask(host), /^HTTP\/1\.1 403 /, host);
    }
    assert.match(await server.send(["GET /workflows HTTP/1.0\r\n\r\n"]), /^HTTP\/1\.1 403 /);
  });
});
