import type { GateLimits } from "./gate.ts";

/** A runner that has seen the deployment installs the release's dependencies before it has loaded it. */
const readyMs = 5 * 60_000;
/** As long as a rehearsal of the same job. */
const smokeMs = 10 * 60_000;
/** Production jobs are longer than a smoke task, and a dev cluster is smaller than production. */
const replayMs = 30 * 60_000;
/** Kept from the run's own time, for putting back what a failed gate stands for. */
export const keptMs = 60_000;

/** @param endsAtMs when the run is stopped, by the same clock as GateWorld's; infinite where nothing stops it. */
export function gateLimits(endsAtMs: number): GateLimits {
  return { readyMs, smokeMs, replayMs, endsAtMs: endsAtMs - keptMs };
}
