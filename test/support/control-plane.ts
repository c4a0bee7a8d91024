/** A real control plane in a scratch folder, on a free port of loopback. */
import { randomBytes } from "node:crypto";
import { type ApiClientOptions, createApiClient, type HttpApiClient } from "../../src/api/client.ts";
import { verifyArchive } from "../../src/artifact/verify.ts";
import { createKey } from "../../src/server/auth.ts";
import { type ControlPlane, openControlPlane } from "../../src/server/control-plane.ts";
import type { KeyRole } from "../../src/store/port.ts";
import { exchangeBytes } from "./raw-connection.ts";
import { createScratchFolder } from "./scratch-folder.ts";

export interface TestControlPlane extends AsyncDisposable {
  readonly plane: ControlPlane;
  readonly dataFolder: string;
  /** http://127.0.0.1:PORT */
  readonly url: string;
  readonly port: number;
  /** What the control plane reported as its own failure: a test that causes none expects none. */
  readonly failures: unknown[];
  /** Sends these bytes over a connection of its own and returns what comes back. */
  send(pieces: readonly string[]): Promise<string>;
  createKey(role: KeyRole): Promise<string>;
  /** A client that does not repeat anything, with a new key of that role. */
  client(role?: KeyRole, options?: Partial<ApiClientOptions>): Promise<HttpApiClient>;
}

export async function startControlPlane(
  auth: "keys" | "none" = "keys",
  clock: () => number = Date.now,
): Promise<TestControlPlane> {
  const folder = await createScratchFolder();
  const random = (sizeBytes: number) => randomBytes(sizeBytes);
  const failures: unknown[] = [];
  const plane = await openControlPlane({
    dataFolder: folder.path,
    clock,
    random,
    verify: verifyArchive,
    report: (failure) => failures.push(failure),
  });
  const listener = await plane.listen([{ kind: "tcp", host: "127.0.0.1", port: 0 }], auth);
  const port =
    listener.addresses.flatMap((address) => (address.kind === "tcp" ? [address.port] : []))[0] ?? 0;
  const url = `http://127.0.0.1:${port}`;
  let keys = 0;
  const newKey = async (role: KeyRole) => {
    keys++;
    return (await createKey(plane.store.keys, { name: `${role}-${keys}`, role }, random)).secret;
  };
  return {
    plane,
    dataFolder: folder.path,
    url,
    port,
    failures,
    send: async (pieces) =>
      (
        await exchangeBytes(
          port,
          pieces.map((piece) => Buffer.from(piece)),
        )
      ).toString(),
    createKey: newKey,
    client: async (role = "admin", options = {}) =>
      createApiClient({
        url,
        apiKey: await newKey(role),
        env: {},
        retryPolicy: { attempts: 1, firstDelayMs: 0, delayFactor: 1, maxDelayMs: 0, totalMs: 0 },
        ...options,
      }),
    [Symbol.asyncDispose]: async () => {
      await plane.close(0);
      await folder[Symbol.asyncDispose]();
    },
  };
}
