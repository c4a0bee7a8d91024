import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { pythonWithSdk } from "../support/python-sdk.ts";

const driver = fileURLToPath(new URL("sdk_driver.py", import.meta.url));

export type SdkTransport = "grpc" | "http1";

/** What the SDK raised: the names of the exception's classes, the nearest first, and its text. */
export class SdkError extends Error {
  readonly classes: readonly string[];
  constructor(classes: readonly string[], message: string) {
    super(message);
    this.classes = classes;
  }
}

/** The official Python SDK in a process of its own, called from here. */
export interface SdkClient extends AsyncDisposable {
  /**
   * Calls what a chain of attributes names, such as `clusters().create`, and returns what the SDK returned:
   * its objects' fields by name, UUIDs and times as text. What that is, the caller says. Throws SdkError.
   */
  call<Returned>(
    call: string,
    args?: readonly unknown[],
    kwargs?: Readonly<Record<string, unknown>>,
  ): Promise<Returned>;
}

/** The SDK's data classes, as far as tests look at them. */
export interface SdkCluster {
  readonly slug: string;
  readonly display_name: string;
  readonly deletable: boolean;
  readonly description: string | null;
  readonly deployed_workflows: readonly SdkWorkflow[];
}
export interface SdkWorkflow {
  readonly slug: string;
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly releases: readonly SdkRelease[];
}
export interface SdkRelease {
  readonly id: string;
  readonly artifact: { readonly id: string; readonly digest: string };
  readonly content: {
    readonly fingerprint: string;
    readonly tasks: readonly { readonly name: string; readonly version: string }[];
    readonly files: readonly SdkPath[];
    readonly runner_object_path: string;
  };
  readonly created_at: string;
  readonly clusters: readonly SdkCluster[];
}
interface SdkPath {
  readonly path: string;
  readonly children: readonly SdkPath[];
}
export interface SdkDeployment {
  readonly release: SdkRelease;
  readonly clusters: readonly SdkCluster[];
}

/** Calls run one after the other. */
export async function startSdkClient(options: {
  readonly url: string;
  readonly token?: string;
  readonly transport: SdkTransport;
  /** Beside what the process always gets. */
  readonly env?: Readonly<Record<string, string>>;
}): Promise<SdkClient> {
  const python = await pythonWithSdk();
  const { env, ...connection } = options;
  const child = spawn(python, ["-B", driver, JSON.stringify(connection)], {
    stdio: ["pipe", "pipe", "inherit"],
    // Neither the caller's key nor a proxy may reach the SDK.
    env: { PATH: process.env.PATH, SYSTEMROOT: process.env.SYSTEMROOT, PYTHONUTF8: "1", ...env },
  });
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async call(call, args = [], kwargs = {}) {
      child.stdin.write(`${JSON.stringify({ call, args, kwargs })}\n`);
      const line = await lines.next();
      if (line.done === true) throw new Error(`the SDK's process ended in ${call}`);
      const answer = JSON.parse(line.value);
      if (answer.error === undefined) return answer.ok;
      throw new SdkError(answer.error.classes, answer.error.message);
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await exited;
    },
  };
}
