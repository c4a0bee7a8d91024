/** `serve` is stopped and started again while clients work: none of them may notice more than a wait. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import http from "node:http";
import { describe, test } from "node:test";
import { setTimeout as waitFor } from "node:timers/promises";
import { artifactPath } from "../../src/api/artifact-transfer.ts";
import { createApiClient, type HttpApiClient } from "../../src/api/client.ts";
import { nodeErrorCode } from "../../src/api/node-error.ts";
import { packOneFile, type TestArchive } from "../support/archives.ts";
import { freePort } from "../support/free-port.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { createScratchFolder, type ScratchFolder } from "../support/scratch-folder.ts";
import { ServeProcess } from "../support/serve-process.ts";
import { submission } from "./services/jobs-under-test.ts";

const identifier = { name: "Task", version: "v1.0" };
const claimers = 16;
/** So that the end need not wait for what nobody could have run by then. */
const mostQueued = 60;

/** Patient enough for a restart on a busy machine; what it may repeat is the client's own rule. */
const retryPolicy = {
  attempts: 1_000,
  firstDelayMs: 20,
  delayFactor: 1.5,
  maxDelayMs: 200,
  totalMs: 120_000,
};
const connect = (url: string, protocol: "grpc" | "connect"): Promise<HttpApiClient> =>
  createApiClient({ url, apiKey: undefined, env: {}, protocol, retryPolicy });

/** Sends the first half of an archive, and the rest when it is told to. */
function beginUpload(url: string, { digest, bytes }: TestArchive) {
  const request = http.request(url + artifactPath(digest), {
    method: "PUT",
    headers: { "content-type": "application/zstd", "content-length": bytes.length },
  });
  const half = Math.floor(bytes.length / 2);
  request.write(bytes.subarray(0, half));
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once("response", resolve).once("error", reject);
  });
  answered.catch(() => {});
  return {
    async finish() {
      request.end(bytes.subarray(half));
      const response = await answered;
      response.resume();
      return { status: response.statusCode, connection: response.headers.connection };
    },
  };
}

const randomArchive = (folder: ScratchFolder, sizeBytes: number) =>
  packOneFile(folder, randomBytes(sizeBytes));

/**
 * HTTP/1.1 has no word for a request that crosses the end of an idle connection on its way: it was not read, and its
 * client has to find out. HTTP/2 has, and there the client does it.
 */
async function sendAgain<T>(protocol: "grpc" | "connect", send: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (protocol === "grpc" || nodeErrorCode(error) !== "ECONNRESET") throw error;
    }
  }
}

/** Everything that clients did and were told of. */
class Load {
  readonly handedOut = new Map<string, number>();
  readonly submitted: Uint8Array[] = [];
  readonly uploaded: TestArchive[] = [];
  computed = 0;
  #over = false;
  #submitters = 0;
  readonly #url: string;
  readonly #folder: ScratchFolder;

  constructor(url: string, folder: ScratchFolder) {
    this.#url = url;
    this.#folder = folder;
  }

  /** Rejects with the first failure that a client sees. */
  async run(): Promise<void> {
    const protocols = ["grpc", "connect"] as const;
    await Promise.all([
      ...Array.from({ length: claimers }, (_, index) => this.#claim(protocols[index % 2] ?? "grpc")),
      ...protocols.map((protocol) => this.#submit(protocol)),
      this.#upload(),
    ]);
  }

  async untilComputed(count: number): Promise<void> {
    while (this.computed < count) await waitFor(10);
  }

  end(): void {
    this.#over = true;
  }

  async #claim(protocol: "grpc" | "connect"): Promise<void> {
    using api = await connect(this.#url, protocol);
    let computedTask: { id: { uuid: Uint8Array }; display: string } | undefined;
    for (;;) {
      const isLastLook = this.#over && this.#submitters === 0 && computedTask === undefined;
      const request = {
        ...(computedTask !== undefined && { computedTask }),
        nextTaskToRun: { identifiers: [identifier] },
      };
      const { nextTask } = await sendAgain(protocol, () => api.tasks.nextTask(request));
      if (computedTask !== undefined) this.computed++;
      computedTask = undefined;
      if (nextTask?.id === undefined) {
        if (isLastLook) return;
        await waitFor(10);
        continue;
      }
      this.handedOut.set(nextTask.display, (this.handedOut.get(nextTask.display) ?? 0) + 1);
      computedTask = { id: { uuid: nextTask.id.uuid }, display: nextTask.display };
    }
  }

  async #submit(protocol: "grpc" | "connect"): Promise<void> {
    this.#submitters++;
    using api = await connect(this.#url, protocol);
    for (let number = 0; !this.#over; number++) {
      while (this.submitted.length * 3 > this.handedOut.size + mostQueued && !this.#over) await waitFor(10);
      const job = submission([1, 2, 3].map((task) => `${protocol} ${number}.${task}`));
      const { id } = await sendAgain(protocol, () => api.jobs.submitJob(job));
      this.submitted.push(id?.uuid ?? assert.fail("no id"));
      await waitFor(50);
    }
    this.#submitters--;
  }

  async #upload(): Promise<void> {
    using api = await connect(this.#url, "connect");
    while (!this.#over) {
      const archive = await randomArchive(this.#folder, 300_000);
      await api.uploadArtifact(archive);
      this.uploaded.push(archive);
    }
  }
}

for (const engine of ["SQLite", "PostgreSQL"] as const) {
  test(`serve on ${engine} ends and comes back, and no client that works meanwhile sees an error`, async () => {
    await using resources = new AsyncDisposableStack();
    const folder = resources.use(await createScratchFolder());
    const args = ["--data", `${folder.path}/data`];
    if (engine === "PostgreSQL") {
      const server = resources.use(await startPostgres({ durable: false }));
      args.push("--database", await server.createDatabase("shutdown"));
    }
    const port = await freePort();
    const first = resources.use(await ServeProcess.start(args, port));
    const load = new Load(first.url, folder);
    const running = load.run();
    // What fails early must not wait for the rest of the test.
    const broken = running.then(() => assert.fail("the load ended"));
    const orBroken = <T>(work: Promise<T>) => Promise.race([work, broken]);
    await orBroken(load.untilComputed(100));
    const upload = beginUpload(first.url, await randomArchive(folder, 2_000_000));
    await orBroken(load.untilComputed(120));
    first.stop();
    await orBroken(
      (async () => {
        while (await http1(first.url, "/healthz").catch(() => undefined)) await waitFor(20);
      })(),
    );
    assert.deepEqual(await upload.finish(), { status: 201, connection: "close" });
    assert.deepEqual(await orBroken(first.ended()), [0, null]);
    const computedBefore = load.computed;
    const second = resources.use(await ServeProcess.start(args, port));
    await orBroken(load.untilComputed(computedBefore + 100));
    load.end();
    await running;
    assert.deepEqual(
      [...load.handedOut].filter(([, times]) => times > 1),
      [],
      "an answer was lost: its task was handed out again",
    );
    using api = await connect(second.url, "connect");
    for (const uuid of load.submitted) {
      const { state } = await api.jobs.getJob({ jobId: { uuid } });
      assert.equal(state, 4, "a job that was acknowledged is completed");
    }
    for (const { digest } of load.uploaded) assert.ok(await api.findArtifact(digest));
    assert.equal(load.handedOut.size, load.submitted.length * 3);
    second.stop("SIGINT");
    assert.deepEqual(await second.ended(), [0, null]);
  });
}

async function http1(url: string, path: string): Promise<number> {
  const response = await fetch(url + path, { headers: { connection: "close" } });
  await response.body?.cancel();
  return response.status;
}

describe("serve that is stopped", () => {
  test("is not ready while it drains, serves on, and ends at once when it is stopped again", async () => {
    await using folder = await createScratchFolder();
    const args = ["--data", `${folder.path}/data`, "--drain-seconds", "3600"];
    await using served = await ServeProcess.start(args, await freePort());
    assert.equal(await http1(served.url, "/readyz"), 200);
    served.stop("SIGTERM");
    while ((await http1(served.url, "/readyz")) !== 503) await waitFor(10);
    assert.equal(await http1(served.url, "/healthz"), 200);
    using api = await connect(served.url, "grpc");
    await api.jobs.submitJob(submission(["late"]));
    served.stop("SIGINT");
    assert.deepEqual(await served.ended(), [null, "SIGINT"]);
  });

  test("waits for an upload under way unless it is stopped again", async () => {
    await using folder = await createScratchFolder();
    await using served = await ServeProcess.start(["--data", `${folder.path}/data`], await freePort());
    const upload = beginUpload(served.url, await randomArchive(folder, 2_000_000));
    while (!/http_requests_in_progress\{route="PUT [^"]*"\} 1/.test(await metrics(served.url)))
      await waitFor(10);
    served.stop("SIGTERM");
    while (await http1(served.url, "/healthz").catch(() => undefined)) await waitFor(10);
    served.stop("SIGTERM");
    assert.deepEqual(await served.ended(), [null, "SIGTERM"]);
    await assert.rejects(upload.finish());
  });
});

async function metrics(url: string): Promise<string> {
  return await (await fetch(`${url}/metrics`, { headers: { connection: "close" } })).text();
}
