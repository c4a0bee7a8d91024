import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EntryStore, ReadAnswer, WriteAnswer } from "./entry-store.ts";

/**
 * GitHub's cache service, version 2.
 *
 * `restoreCache` of @actions/cache unpacks what it has downloaded with `tar -P` before anybody can look at it, so that
 * whoever can write an entry can write any file; it also downloads without a limit, takes minutes to give up, and
 * turns a failure into an annotation. So its parts are used instead: its client of the protocol and its upload. The
 * paths lead past the package's list of exports; its version is pinned, and the type check finds what moves.
 */
export function createActionsStore(env: NodeJS.ProcessEnv): EntryStore {
  return {
    async read(name, maxSizeBytes, signal) {
      const { getCacheMode, getCacheServiceVersion, isCacheReadable } = await config();
      if (!env.ACTIONS_RESULTS_URL || !env.ACTIONS_RUNTIME_TOKEN || getCacheServiceVersion() !== "v2") {
        return { kind: "no-service" };
      }
      if (!isCacheReadable(getCacheMode())) return { kind: "not-readable", mode: getCacheMode() };
      try {
        return await readEntry(name, maxSizeBytes, env, signal);
      } catch (error) {
        signal.throwIfAborted();
        return { kind: "failed", message: messageOf(error) };
      }
    },
    async write(name, bytes, signal) {
      const { getCacheMode, isCacheWritable } = await config();
      if (!isCacheWritable(getCacheMode())) {
        return { kind: "not-written", why: `the runner's cache mode is ${getCacheMode()}` };
      }
      const folder = await mkdtemp(join(env.RUNNER_TEMP ?? tmpdir(), "cache-entry-"));
      try {
        const path = join(folder, "entry");
        await writeFile(path, bytes);
        return await writeEntry(name, path, bytes.length);
      } catch (error) {
        signal.throwIfAborted();
        return { kind: "not-written", why: messageOf(error) };
      } finally {
        await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      }
    },
  };
}

/** Two attempts: the time for more is better spent on a build. */
const attempts = { maxAttempts: 2, retryIntervalMs: 250 };

/** The service keeps entries of one key apart by it; @actions/cache puts paths and compression into it. */
const entryVersion = createHash("sha256").update("workflow-release build 1").digest("hex");

async function config() {
  return await import("../../../node_modules/@actions/cache/lib/internal/config.js");
}

async function client() {
  const { internalCacheTwirpClient } = await import(
    "../../../node_modules/@actions/cache/lib/internal/shared/cacheTwirpClient.js"
  );
  return internalCacheTwirpClient(attempts);
}

async function readEntry(
  key: string,
  maxSizeBytes: number,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<ReadAnswer> {
  const request = { key, restoreKeys: [], version: entryVersion };
  const answer = await (await client()).GetCacheEntryDownloadURL(request);
  if (!answer.ok) return { kind: "nothing" };
  if (answer.matchedKey !== key) return { kind: "other-name" };
  return await download(new URL(answer.signedDownloadUrl), maxSizeBytes, env, signal);
}

async function writeEntry(key: string, path: string, sizeBytes: number): Promise<WriteAnswer> {
  const service = await client();
  const reserved = await service.CreateCacheEntry({ key, version: entryVersion });
  if (!reserved.ok) return { kind: "not-written", why: reserved.message || "the service refused it" };
  const { saveCache } = await import("../../../node_modules/@actions/cache/lib/internal/cacheHttpClient.js");
  await saveCache(-1, path, reserved.signedUploadUrl, { useAzureSdk: true, archiveSizeBytes: sizeBytes });
  const finalized = await service.FinalizeCacheEntryUpload({
    key,
    version: entryVersion,
    sizeBytes: String(sizeBytes),
  });
  if (finalized.ok) return { kind: "written" };
  return { kind: "not-written", why: finalized.message || "the service did not finish it" };
}

/** One GET, no redirects, and no more bytes than an entry may have. */
function download(
  url: URL,
  maxSizeBytes: number,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<ReadAnswer> {
  return new Promise((resolve, reject) => {
    const agent = url.protocol === "https:" ? new https.Agent({ proxyEnv: env }) : new http.Agent();
    const request = (url.protocol === "https:" ? https : http).get(url, { agent, signal }, (response) => {
      if (response.statusCode !== 200) {
        response.destroy();
        resolve({ kind: "failed", message: `the download was answered with ${response.statusCode}` });
        return;
      }
      const chunks: Buffer[] = [];
      let sizeBytes = 0;
      response.on("data", (chunk: Buffer) => {
        sizeBytes += chunk.length;
        if (sizeBytes > maxSizeBytes) {
          response.destroy();
          resolve({ kind: "too-large", limitBytes: maxSizeBytes });
        } else chunks.push(chunk);
      });
      response.on("end", () => resolve({ kind: "found", bytes: Buffer.concat(chunks) }));
      // Also when fewer bytes came than were announced.
      response.on("error", reject);
      response.on("close", () => reject(new Error("the download was cut off")));
    });
    request.on("error", reject);
  });
}

/** Azure's errors may have a status and no words. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== "") return error.message;
  return "statusCode" in error ? `the upload was answered with ${error.statusCode}` : error.name;
}
