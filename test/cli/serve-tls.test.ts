/** `serve` over TLS, with the clients that people use: ours, and the official Python SDK over both its transports. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startSdkClient } from "../sdk/sdk-client.ts";
import { createAuthority, type TestAuthority, writePair } from "../support/certificates.ts";
import { runSource, type ServedSource, serveSource } from "../support/cli-source.ts";
import { createScratchFolder, type ScratchFolder } from "../support/scratch-folder.ts";

let authority: TestAuthority;
let folder: ScratchFolder;
let files: { readonly certFile: string; readonly keyFile: string };
/** Of the authority, which no machine knows. */
let rootFile: string;
before(async () => {
  authority = await createAuthority();
  folder = await createScratchFolder({ "root.pem": authority.root });
  rootFile = join(folder.path, "root.pem");
  files = await writePair(folder.path, await authority.issue());
});
after(() => folder[Symbol.asyncDispose]());

describe("serve with a certificate", () => {
  let served: ServedSource;
  let token: string;
  let url: string;
  before(async () => {
    const data = join(folder.path, "data");
    const env = { WORKFLOW_RELEASE_TLS_CERT: files.certFile, WORKFLOW_RELEASE_TLS_KEY: files.keyFile };
    served = await serveSource(["--data", data], env);
    // What the certificate is for; the URL that is announced has the address.
    url = served.url.replace("127.0.0.1", "localhost");
    token = JSON.parse((await runSource(["key", "create", "ci", "--data", data, "--json"])).stdout).secret;
  });
  after(() => served[Symbol.asyncDispose]());

  test("says so", () => {
    assert.match(served.url, /^https:\/\/127\.0\.0\.1:\d+$/);
    const { names, validUntil } = served.announced.tls as { names: string; validUntil: string };
    assert.equal(names, "DNS:localhost, IP Address:127.0.0.1");
    assert.ok(Date.parse(validUntil) > Date.now());
  });

  for (const protocol of ["connect", "grpc"]) {
    test(`is reached by our client over ${protocol}, which takes Node's roots`, async () => {
      const script = fileURLToPath(new URL("../support/list-clusters-main.ts", import.meta.url));
      const run = promisify(execFile);
      const { stdout } = await run(process.execPath, [script, url, protocol], {
        env: { ...process.env, NODE_EXTRA_CA_CERTS: rootFile, TILEBOX_API_KEY: token },
      });
      assert.equal(stdout.trim(), "1");
      const stranger = { ...process.env, TILEBOX_API_KEY: token };
      await assert.rejects(run(process.execPath, [script, url, protocol], { env: stranger }), /certificate/i);
    });
  }

  for (const transport of ["grpc", "http1"] as const) {
    test(`is reached by the Python SDK over ${transport}`, async () => {
      const env = { GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: rootFile, SSL_CERT_FILE: rootFile };
      await using client = await startSdkClient({ url, token, transport, env });
      const { slug } = await client.call<{ slug: string }>("clusters().create", [`Over ${transport}`]);
      const found = await client.call<{ slug: string }>("clusters().find", [slug]);
      assert.equal(found.slug, slug);
    });
  }
});

describe("serve", () => {
  test("refuses one of the two files without the other, and files that are none, before it opens anything", async () => {
    const data = join(folder.path, "never");
    for (const [args, said] of [
      [["--tls-cert", files.certFile], /--tls-cert is given without --tls-key/],
      [["--tls-key", files.keyFile], /--tls-key is given without --tls-cert/],
      [["--tls-cert", files.keyFile, "--tls-key", rootFile], /private key, not[\s\S]*certificate, not/],
      [["--tls-cert", rootFile, "--tls-key", files.keyFile], /root\.pem: belongs to another key/],
    ] as const) {
      const { exitCode, stderr } = await runSource(["serve", "--data", data, ...args]);
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, /^tls-invalid/);
      assert.match(stderr, said);
    }
    await assert.rejects(readFile(data), { code: "ENOENT" });
  });
});
