/**
 * What release runners and a control plane of this product say to each other beside the public contract, as
 * plain HTTP: POST /runners tells that a runner is there and what it has loaded, GET /runners lists them,
 * GET /deployment-revision waits for a change of what a cluster has deployed. A control plane that has none
 * of them is served all the same.
 */
import { Readable } from "node:stream";
import type { ReleaseId } from "../engine/id.ts";
import { SystemError } from "../errors.ts";
import {
  exchange,
  isNoSuchPath,
  type OpenRequest,
  readAtMost,
  requireSuccess,
  withErrors,
} from "./http-exchange.ts";

/** How a runner stands to one deployed release. */
export type RunnerReleaseState = "loading" | "ready" | "draining" | "broken";

export interface RunnerRelease {
  readonly id: ReleaseId;
  /** Slug. */
  readonly workflow: string;
  readonly state: RunnerReleaseState;
  /** Why it is broken; otherwise empty. */
  readonly reason: string;
}

export interface RunnerReport {
  /** A UUID of the runner's own, new with each start. */
  readonly id: string;
  /** Slug; empty for the default cluster. */
  readonly cluster: string;
  /** Of the runner's program. */
  readonly version: string;
  readonly concurrency: number;
  /** In flight. */
  readonly tasks: number;
  readonly releases: readonly RunnerRelease[];
  /** sha256 of the key that the runner gives its workers: it is accepted for as long as the runner reports. */
  readonly workerKeySha256: string;
  /** The last report: the runner is gone after it. */
  readonly stopped: boolean;
}

/** A runner as the control plane lists it. */
export interface KnownRunner extends Omit<RunnerReport, "workerKeySha256" | "stopped"> {
  /** Name of the API key it reports with. */
  readonly key: string;
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
}

export const runnersPath = "/runners";
export const deploymentRevisionPath = "/deployment-revision";
/** A wait for a change is answered after this long even when there was none. */
export const longestWaitMs = 20_000;
/** That NextTasks takes in one call. */
export const mostReports = 256;
/** A runner that has not reported for this long is taken to be gone, and its workers' key with it. */
export const runnerExpiryMs = 30_000;

/** All throw errors of the table; the first two api-unsupported or another user error where there is no such call. */
export interface RunnerCalls {
  reportRunner(report: RunnerReport, signal?: AbortSignal): Promise<void>;
  /**
   * The revision of what the cluster has deployed, as soon as it is another one than `seen`; after some
   * seconds in any case; at once without `seen`.
   */
  awaitDeploymentChange(cluster: string, seen: number | undefined, signal?: AbortSignal): Promise<number>;
  /** The runners that are there now, longest known first; undefined where the control plane lists none. */
  listRunners(cluster: string, signal?: AbortSignal): Promise<readonly KnownRunner[] | undefined>;
}

const maxAnswerBytes = 64 * 1024;
/** Ten thousand runners of some releases each. */
const maxListBytes = 64 * 1024 * 1024;

export function createRunnerCalls(open: OpenRequest, host: string): RunnerCalls {
  const failing = (name: string, signal: AbortSignal | undefined) =>
    ({ name, host, missing: ["cluster"], signal }) as const;
  return {
    reportRunner: (report, signal) =>
      withErrors(failing("reporting the runner", signal), async () => {
        const body = Buffer.from(JSON.stringify(report));
        const headers = { "content-type": "application/json", "content-length": body.length };
        const response = await exchange(open("POST", runnersPath, headers), Readable.from([body]), signal);
        await requireSuccess(response);
        response.resume();
      }),
    awaitDeploymentChange: (cluster, seen, signal) =>
      withErrors(failing("waiting for deployments", signal), async () => {
        const query = new URLSearchParams({
          cluster,
          ...(seen === undefined ? {} : { after: String(seen) }),
        });
        const response = await exchange(
          open("GET", `${deploymentRevisionPath}?${query}`, {}),
          undefined,
          signal,
        );
        await requireSuccess(response);
        return readRevision(await readAtMost(response, maxAnswerBytes), host);
      }),
    listRunners: (cluster, signal) =>
      withErrors(failing("listing runners", signal), async () => {
        const path = `${runnersPath}?${new URLSearchParams({ cluster })}`;
        const response = await exchange(open("GET", path, {}), undefined, signal);
        if (isNoSuchPath(response)) {
          response.resume();
          return undefined;
        }
        await requireSuccess(response);
        return readRunners(await readAtMost(response, maxListBytes), host);
      }),
  };
}

/** Only the outline is checked: what is in it was made by the same program, of this version or another. */
function readRunners(body: Uint8Array, host: string): readonly KnownRunner[] {
  try {
    const answer: unknown = JSON.parse(Buffer.from(body).toString("utf8"));
    if (
      typeof answer === "object" &&
      answer !== null &&
      "runners" in answer &&
      Array.isArray(answer.runners)
    ) {
      return answer.runners as readonly KnownRunner[];
    }
  } catch {
    // Not even JSON: the same as JSON of another form.
  }
  throw new SystemError("api-failed", `${host} answered something else than a list of runners`);
}

function readRevision(body: Uint8Array, host: string): number {
  let answer: unknown;
  try {
    answer = JSON.parse(Buffer.from(body).toString("utf8"));
  } catch {
    answer = undefined;
  }
  const revision =
    typeof answer === "object" && answer !== null && "revision" in answer ? answer.revision : undefined;
  if (typeof revision === "number" && Number.isSafeInteger(revision)) return revision;
  throw new SystemError("api-failed", `${host} answered something else than a revision`);
}
