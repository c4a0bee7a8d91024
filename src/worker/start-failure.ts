import type { WorkerExit, WorkerOutput } from "./worker-process.ts";

/**
 * environment: uv, the virtual environment and the start of the package. import: the user's module.
 * A worker before 0.64 listens only after the import, so it is in `environment` until it is ready.
 */
export type StartPhase = "environment" | "import";

/** How long each phase may take. */
export interface StartLimits {
  readonly environmentMs: number;
  readonly importMs: number;
}

/** Said every ten seconds while a worker starts. */
export interface StartProgress {
  readonly phase: StartPhase;
  readonly elapsedMs: number;
  readonly limitMs: number;
}

/** Why a worker did not come up; nothing of it is left running. */
export type StartFailure =
  | { readonly kind: "program-missing"; readonly program: string }
  | {
      readonly kind: "exited";
      readonly phase: StartPhase;
      readonly exit: WorkerExit;
      readonly output: WorkerOutput;
    }
  | {
      readonly kind: "timed-out";
      readonly phase: StartPhase;
      readonly limitMs: number;
      /** Whether it answered while it loaded. If not, the import holds Python's interpreter lock. */
      readonly answered: boolean;
      readonly output: WorkerOutput;
    }
  | {
      readonly kind: "wrong-protocol";
      /** The RPC's status and message. */
      readonly answer: string;
      readonly output: WorkerOutput;
    };
