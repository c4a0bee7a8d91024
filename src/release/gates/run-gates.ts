import { ReleaseError } from "../../errors.ts";
import { requireDeployed } from "./deployed-content.ts";
import { type Gate, type GateContext, type GateLimits, type GateResult, gatesOn } from "./gate.ts";
import { GateFailed } from "./gate-failed.ts";
import { GateJobs } from "./gate-jobs.ts";
import type { GateRun, Handover } from "./gate-run.ts";
import { passReady } from "./ready.ts";
import { passReplay } from "./replay.ts";
import { passSmoke } from "./smoke.ts";
import { passSoak } from "./soak.ts";
import { refused } from "./wait.ts";

/**
 * Runs the gates of one cluster in their order, up to the first that fails.
 * What they submitted and did not see ended is canceled, whatever happens.
 *
 * @returns one result for each gate that was run; never rejects for what a cluster does or does not do
 * @throws the signal's reason
 */
export async function runGates(gates: readonly Gate[], context: GateContext): Promise<readonly GateResult[]> {
  const results: GateResult[] = [];
  const handover: Handover = { toSmoke: gates.some(({ kind }) => kind === "smoke"), claimed: undefined };
  try {
    for (const gate of gatesOn(context.stage, gates)) {
      const result = await runGate(gate, context, handover);
      results.push(result);
      context.report(result);
      if (result.outcome === "failed") break;
    }
    return results;
  } finally {
    if (handover.claimed !== undefined) {
      const left = new GateJobs("ready", context);
      left.adopt(handover.claimed);
      await left.cancelOpen();
    }
  }
}

async function runGate(gate: Gate, context: GateContext, handover: Handover): Promise<GateResult> {
  const { world, cluster, stage, signal } = context;
  const startedMs = world.clock();
  const title = `${cluster} ${gate.kind}`;
  const untilMs = Math.min(startedMs + limitMs(gate, context.limits), context.limits.endsAtMs);
  const jobs = new GateJobs(gate.kind, context);
  const end = await passOrFail(gate, { ...context, title, untilMs, jobs, handover }).finally(() =>
    jobs.cancelOpen(),
  );
  signal.throwIfAborted();
  const endedMs = world.clock();
  const known = {
    gate: gate.kind,
    cluster,
    stage,
    tookMs: endedMs - startedMs,
    atMs: endedMs,
    jobs: jobs.list(),
  };
  if (!(end instanceof GateFailed)) return { ...known, outcome: "passed", message: end, problems: [] };
  const { reason, message, problems, next, tree } = end;
  return {
    ...known,
    ...{ outcome: "failed", reason, message, problems },
    ...(next === undefined ? {} : { next }),
    ...(tree === undefined ? {} : { tree }),
  };
}

/** What a cluster has is known at once, or the control plane is not there. */
const readMs = 60_000;

/** A gate says something about this release only when the cluster had it all the time. */
async function passOrFail(gate: Gate, run: Omit<GateRun, "content">): Promise<string | GateFailed> {
  const requireStill = () =>
    requireDeployed(run, {
      title: run.title,
      untilMs: Math.min(run.limits.endsAtMs, run.world.clock() + readMs),
    });
  const attempt = async (work: () => Promise<string>): Promise<string | GateFailed> => {
    try {
      return await work();
    } catch (error) {
      run.signal.throwIfAborted();
      if (error instanceof GateFailed) return error;
      if (error instanceof ReleaseError) return refused(error);
      throw error;
    }
  };
  let began = false;
  const end = await attempt(async () => {
    const content = await requireStill();
    began = true;
    return await passGate(gate, { ...run, content });
  });
  if (!began) return end;
  const after = await attempt(async () => {
    await requireStill();
    return "";
  });
  const isReplaced =
    after instanceof GateFailed && (after.reason === "release-replaced" || !(end instanceof GateFailed));
  return isReplaced ? after : end;
}

function passGate(gate: Gate, run: GateRun): Promise<string> {
  switch (gate.kind) {
    case "ready":
      return passReady(run, gate.task);
    case "smoke":
      return passSmoke(run, gate.task);
    case "replay":
      return passReplay(run, gate);
    case "soak":
      return passSoak(run, gate.minutes);
  }
}

function limitMs(gate: Gate, { readyMs, smokeMs, replayMs }: GateLimits): number {
  switch (gate.kind) {
    case "ready":
      return readyMs;
    case "smoke":
      return smokeMs;
    case "replay":
      return replayMs;
    case "soak":
      // It has its own time.
      return Number.POSITIVE_INFINITY;
  }
}
