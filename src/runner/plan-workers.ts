/** Which workers a runner needs, as data: what is deployed against what runs. No I/O, no clock. */
import type { DeployedRelease } from "./deployed-release.ts";

/** A release that this runner has taken up, as far as planning needs to know. */
export interface TakenRelease {
  /** Tells apart two workers of one release, of which the older is draining. */
  readonly key: number;
  readonly release: DeployedRelease;
  readonly draining: boolean;
}

export interface Situation {
  readonly deployed: readonly DeployedRelease[];
  readonly taken: readonly TakenRelease[];
  /** By digest: until when a release that could not be loaded is left alone, milliseconds since 1970. */
  readonly brokenUntilMs: ReadonlyMap<string, number>;
  readonly nowMs: number;
}

export type WorkerAction =
  | { readonly kind: "load"; readonly release: DeployedRelease }
  /** Claims nothing more; what it runs finishes. */
  | { readonly kind: "drain"; readonly key: number; readonly why: "replaced" | "undeployed" };

export interface WorkerPlan {
  readonly actions: readonly WorkerAction[];
  /** When to plan again though nothing changed: a broken release is due. */
  readonly againAtMs: number | undefined;
}

/**
 * A worker belongs to one release. From the moment another release of its workflow is seen, it claims
 * nothing more, also while the new one is still loading or when that turns out to be broken: whoever
 * deployed a fix does not want the old code to go on.
 */
export function planWorkers(situation: Situation): WorkerPlan {
  const { deployed, taken, brokenUntilMs, nowMs } = situation;
  const wanted = new Set(deployed.map(({ id }) => id));
  const workflows = new Set(deployed.map(({ workflow }) => workflow));
  const active = taken.filter(({ draining }) => !draining);
  const actions: WorkerAction[] = active
    .filter(({ release }) => !wanted.has(release.id))
    .map(({ key, release }) => ({
      kind: "drain",
      key,
      why: workflows.has(release.workflow) ? "replaced" : "undeployed",
    }));
  const has = new Set(active.map(({ release }) => release.id));
  const due: number[] = [];
  for (const release of deployed) {
    if (has.has(release.id)) continue;
    const brokenUntil = brokenUntilMs.get(release.digest) ?? nowMs;
    if (brokenUntil <= nowMs) actions.push({ kind: "load", release });
    else due.push(brokenUntil);
  }
  return { actions, againAtMs: due.length === 0 ? undefined : Math.min(...due) };
}

const firstBreakMs = 30_000;
const longestBreakMs = 15 * 60_000;

/**
 * How long a release that could not be loaded is left alone. Most failures need another release; some
 * (a package index or a disk that is out for a while) mend themselves, so it is never given up.
 *
 * @param failures in a row, this one included.
 * @param random in [0, 1): runners that failed together do not come back together.
 */
export function breakMs(failures: number, random: number): number {
  const fullMs = Math.min(firstBreakMs * 2 ** (failures - 1), longestBreakMs);
  return fullMs * (0.75 + random / 4);
}
