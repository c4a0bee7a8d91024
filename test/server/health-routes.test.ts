import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CallFigures } from "../../src/server/figures.ts";
import { healthRoutes } from "../../src/server/health-routes.ts";
import { createHttpHandler } from "../../src/server/http-routes.ts";
import { startListener } from "../../src/server/listener.ts";
import { connectionLimits } from "../../src/server/protocol-servers.ts";
import { startControlPlane } from "../support/control-plane.ts";

async function serve(probe: () => Promise<void>) {
  const stopping = new AbortController();
  const listener = await startListener({
    addresses: [{ kind: "tcp", host: "127.0.0.1", port: 0 }],
    handle: createHttpHandler(healthRoutes({ probe, stopping: stopping.signal }), {
      authenticate: () => assert.fail("no key is asked for"),
      report: ({ error }) => assert.fail(String(error)),
      figures: new CallFigures(),
    }),
    limits: connectionLimits,
  });
  const [address] = listener.addresses;
  const url = `http://127.0.0.1:${address?.kind === "tcp" ? address.port : 0}`;
  return {
    stopping,
    statuses: (paths: readonly string[]) =>
      Promise.all(paths.map(async (path) => (await fetch(url + path)).status)),
    [Symbol.asyncDispose]: () => listener.close(0),
  };
}

describe("health", () => {
  test("is bad while the store fails, and the process lives", async () => {
    let broken = true;
    await using server = await serve(async () => {
      if (broken) throw new Error("disk full");
    });
    assert.deepEqual(await server.statuses(["/readyz", "/healthz"]), [503, 200]);
    broken = false;
    assert.deepEqual(await server.statuses(["/readyz", "/healthz"]), [200, 200]);
  });

  test("is bad when the store does not answer, which it is asked once for all who ask", async () => {
    let probes = 0;
    await using server = await serve(() => {
      probes++;
      return new Promise(() => {});
    });
    assert.deepEqual(await server.statuses(["/readyz", "/readyz", "/healthz"]), [503, 503, 200]);
    assert.deepEqual(await server.statuses(["/readyz"]), [503]);
    assert.equal(probes, 1);
  });

  test("is bad as soon as the control plane is about to stop, also for who asked before", async () => {
    const probed = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    await using server = await serve(() => {
      asked.resolve();
      return probed.promise;
    });
    const early = server.statuses(["/readyz"]);
    await asked.promise;
    server.stopping.abort();
    probed.resolve();
    assert.deepEqual(await early, [503]);
    assert.deepEqual(await server.statuses(["/readyz", "/healthz"]), [503, 200]);
  });

  for (const auth of ["none", "keys"] as const) {
    test(`is told to a balancer that names no host of ours, where keys are ${auth}`, async () => {
      await using server = await startControlPlane(auth);
      for (const path of ["/healthz", "/readyz"]) {
        for (const [version, host] of [
          ["1.0", ""],
          ["1.1", "host: 10.1.2.3:7180\r\n"],
          ["1.1", "host: control-plane.example\r\n"],
        ]) {
          for (const method of ["GET", "HEAD"]) {
            const request = `${method} ${path} HTTP/${version}\r\n${host}connection: close\r\n\r\n`;
            assert.match(await server.send([request]), /^HTTP\/1\.1 200 /, request);
          }
        }
      }
      const other = "GET /metrics HTTP/1.1\r\nhost: 10.1.2.3:7180\r\nconnection: close\r\n\r\n";
      assert.match(await server.send([other]), auth === "none" ? /^HTTP\/1\.1 403 / : /^HTTP\/1\.1 401 /);
    });
  }
});
