/** Keeps the lease of one task while it runs. */
import { create } from "@bufbuild/protobuf";
import { type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";
import type { Task, TaskLease } from "../api/gen/workflows/v1/core_pb.ts";
import type { Time } from "./time.ts";

export interface LeaseDeps {
  readonly time: Time;
  /** Asks for that long from now on. */
  extend(task: Task, wanted: Duration): Promise<TaskLease>;
  /** The control plane gives no more time: somebody else may get the task, this run goes on. */
  onLost(task: Task): void;
}

/** After a failed call, which its client has repeated already. */
const againAfterMs = 1_000;
/** Where a control plane recommends no wait, asking without a pause would be all that a runner does. */
const shortestWaitMs = 500;

/**
 * Waits as long as the lease recommends, then asks for twice the last one, as the official SDKs do. An
 * answer without a lease means that there is none any more; then it stops asking.
 *
 * @returns a function that ends it.
 */
export function keepLease(task: Task, deps: LeaseDeps): () => void {
  let ended = false;
  let cancel = (): void => {};
  const schedule = (lease: TaskLease | undefined): void => {
    const leaseMs = toMs(lease?.lease);
    if (leaseMs <= 0) {
      deps.onLost(task);
      return;
    }
    const waitMs = Math.max(toMs(lease?.recommendedWaitUntilNextExtension), shortestWaitMs);
    cancel = deps.time.after(waitMs, () => void renew(leaseMs));
  };
  const renew = async (lastMs: number): Promise<void> => {
    try {
      const lease = await deps.extend(task, toDuration(2 * lastMs));
      if (!ended) schedule(lease);
    } catch {
      // The control plane is away; that is said where tasks are claimed. The lease may still be ours.
      if (!ended) cancel = deps.time.after(againAfterMs, () => void renew(lastMs));
    }
  };
  schedule(task.lease);
  return () => {
    ended = true;
    cancel();
  };
}

export function toMs(duration: Duration | undefined): number {
  return duration === undefined ? 0 : Number(duration.seconds) * 1_000 + duration.nanos / 1_000_000;
}

function toDuration(ms: number): Duration {
  const seconds = Math.floor(ms / 1_000);
  return create(DurationSchema, {
    seconds: BigInt(seconds),
    nanos: Math.round((ms - seconds * 1_000) * 1e6),
  });
}
