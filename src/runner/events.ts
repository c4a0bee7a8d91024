/** Everything that happens in a runner and that somebody may want to read, count or wait for. */
import type { Task } from "../api/gen/workflows/v1/core_pb.ts";
import type { ReleaseError } from "../errors.ts";
import type { WorkerExit, WorkerOutput } from "../worker/worker-process.ts";
import type { DeployedRelease, RefusedRelease } from "./deployed-release.ts";
import type { Ambiguity } from "./offer.ts";
import type { TaskResult } from "./task-report.ts";

export type RunnerEvent =
  | { readonly kind: "started"; readonly cluster: string; readonly concurrency: number }
  | { readonly kind: "deployment-seen"; readonly releases: readonly DeployedRelease[] }
  | { readonly kind: "release-refused"; readonly refused: RefusedRelease }
  | { readonly kind: "release-loading"; readonly release: DeployedRelease }
  | { readonly kind: "release-fetched"; readonly release: DeployedRelease; readonly tookMs: number }
  | { readonly kind: "environment-ready"; readonly release: DeployedRelease; readonly tookMs: number }
  | { readonly kind: "worker-ready"; readonly release: DeployedRelease; readonly tookMs: number }
  | {
      readonly kind: "release-broken";
      readonly release: DeployedRelease;
      readonly error: ReleaseError;
      readonly againInMs: number;
    }
  | {
      readonly kind: "release-draining";
      readonly release: DeployedRelease;
      readonly why: "replaced" | "undeployed" | "stopping";
      readonly tasks: number;
    }
  | { readonly kind: "release-gone"; readonly release: DeployedRelease }
  | {
      readonly kind: "worker-died";
      readonly release: DeployedRelease;
      readonly exit: WorkerExit;
      readonly output: WorkerOutput;
      readonly restartInMs: number;
    }
  /** It has a task that outran its limit, or did not take one; it is left as soon as its other tasks are done. */
  | { readonly kind: "worker-left"; readonly release: DeployedRelease }
  | { readonly kind: "tasks-ambiguous"; readonly ambiguous: readonly Ambiguity[] }
  | { readonly kind: "task-started"; readonly task: Task; readonly release: DeployedRelease }
  | {
      readonly kind: "task-ended";
      readonly task: Task;
      readonly release: DeployedRelease;
      readonly result: TaskResult;
      readonly tookMs: number;
    }
  | {
      readonly kind: "task-handed-back";
      readonly task: Task;
      readonly release: DeployedRelease;
      readonly reason: string;
    }
  /** The control plane does not take a result; it was told so as the task's failure. */
  | { readonly kind: "result-refused"; readonly task: Task; readonly error: ReleaseError }
  | { readonly kind: "lease-lost"; readonly task: Task }
  | { readonly kind: "control-plane-lost"; readonly error: ReleaseError }
  | { readonly kind: "control-plane-back" }
  | { readonly kind: "folder-removed"; readonly digest: string; readonly sizeBytes: number }
  | { readonly kind: "stopping"; readonly why: string; readonly tasks: number };
