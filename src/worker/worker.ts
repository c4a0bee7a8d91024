import type { MessageInitShape } from "@bufbuild/protobuf";
import type { LogRecord } from "../api/gen/opentelemetry/proto/logs/v1/logs_pb.ts";
import type { Task } from "../api/gen/workflows/v1/core_pb.ts";
import type { ComputedTask, TaskFailedRequest } from "../api/gen/workflows/v1/task_pb.ts";
import type { InitializeRunnerRequestSchema } from "../api/gen/workflows/v1/worker_pb.ts";
import type { TaskIdentifier } from "../engine/task-identifier.ts";
import type { WorkerGeneration } from "./readiness.ts";
import type { WorkerExit, WorkerOutput } from "./worker-process.ts";

/** A worker that is up has exactly one of these states; it never goes back. */
export type WorkerState =
  | { readonly kind: "ready" }
  /** It has been asked to end; tasks in flight may still finish. */
  | { readonly kind: "stopping" }
  | { readonly kind: "exited"; readonly exit: WorkerExit };

/** What became of one task. Only a worker's death or its end stops a task that runs. */
export type TaskOutcome =
  | { readonly kind: "computed"; readonly task: ComputedTask }
  | { readonly kind: "failed"; readonly task: TaskFailedRequest }
  /** The worker ended while it had the task. */
  | { readonly kind: "died"; readonly exit: WorkerExit }
  /** The caller's signal fired; the worker still runs the task until it is stopped. */
  | { readonly kind: "abandoned" }
  /** The worker lives but would not take the task or answered nonsense. */
  | { readonly kind: "refused"; readonly reason: string };

/** Which of the three steps ended the worker. */
export type WorkerStop = "asked" | "terminated" | "killed";

export interface StopLimits {
  /** From ShutdownWorker on: running tasks, the flush of telemetry, the interpreter's end. */
  readonly graceMs: number;
  /** From SIGTERM on. */
  readonly terminateMs: number;
}

/** The Python process that holds the user's code, up and answering. Disposing kills it. */
export interface Worker extends AsyncDisposable {
  readonly generation: WorkerGeneration;
  /** Of the process we started: `uv`, or the project's command. */
  readonly pid: number;
  state(): WorkerState;
  /** Resolves when the process has ended and its whole tree is gone. Never rejects. */
  readonly exited: Promise<WorkerExit>;
  /** The last 64 KiB of each pipe. A legacy worker writes its task logs to stdout. */
  output(): WorkerOutput;
  /** What it registered, in that order. */
  readonly tasks: readonly TaskIdentifier[];
  /** Once, before the first task. Throws what the worker answers, or worker-lost when it has ended. */
  initialize(request: MessageInitShape<typeof InitializeRunnerRequestSchema>): Promise<void>;
  /** Runs one task; any number at once, though Python runs about four per processor. Never rejects. */
  execute(task: Task, signal?: AbortSignal): Promise<TaskOutcome>;
  /** The tasks' log records until the worker ends or the signal fires. A legacy worker has no stream: it ends at once. */
  watchLogs(signal: AbortSignal): AsyncIterable<LogRecord>;
  /** Asks, then terminates, then kills; returns which of them it took. May be called again to hurry. */
  stop(limits: StopLimits): Promise<WorkerStop>;
}
