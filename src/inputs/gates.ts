/** The input `gate`: what must hold on each cluster before the roll-out goes on. */
import { gateKinds } from "../engine/provenance.ts";
import type { Problem } from "../errors.ts";
import { nearestName } from "../project/nearest-name.ts";
import type { SmokeTask } from "../rehearsal/smoke-task.ts";
import type { ClusterInputs } from "../release/clusters.ts";
import type { Gate } from "../release/gates/gate.ts";
import { keptMs } from "../release/gates/limits.ts";

/** What the other inputs say that gates depend on. */
export interface GateSurroundings {
  readonly smokeTask: SmokeTask | undefined;
  readonly clusters: ClusterInputs;
  /** A run that only builds may have neither clusters nor gates to run. */
  readonly deploys: boolean;
  /** Of the whole run; infinite where nothing ends it. */
  readonly timeoutMs: number;
}

const maxReplayedJobs = 50;
const maxSoakMinutes = 360;

/** One gate a line or comma, each kind once: `ready, smoke, replay: 5, soak: 10`. They are run in one order, however they are written. */
export function parseGates(value: string, surroundings: GateSurroundings, problems: Problem[]): Gate[] {
  if (value.trim() === "") return [];
  const gates: Gate[] = [];
  for (const [index, raw] of value.split(/[,\n]/).entries()) {
    const entry = raw.trim();
    const problem = (message: string, hint: string): void =>
      void problems.push({
        message: `gate: ${entry === "" ? `entry ${index + 1}` : entry} ${message}`,
        hint,
      });
    const [, kind = "", setting] = /^([a-z]+)(?:\s*:\s*(\S.*))?$/.exec(entry) ?? [];
    if (entry === "") problem("is empty", "remove the separator, or set the variable it stands for");
    else if (gates.some((gate) => gate.kind === kind)) problem("is there twice", `give ${kind} once`);
    else {
      const gate = readGate(kind, setting, surroundings, problem);
      if (gate !== undefined) gates.push(gate);
    }
  }
  if (surroundings.deploys) checkClusters(gates, surroundings.clusters, problems);
  return gates.toSorted((one, other) => gateKinds.indexOf(one.kind) - gateKinds.indexOf(other.kind));
}

function readGate(
  kind: string,
  setting: string | undefined,
  { smokeTask, timeoutMs }: GateSurroundings,
  problem: (message: string, hint: string) => void,
): Gate | undefined {
  switch (kind) {
    case "ready":
    case "smoke":
      if (setting !== undefined) problem("takes no number", `write ${kind}`);
      else if (kind === "ready") return { kind, task: smokeTask };
      else if (smokeTask !== undefined) return { kind, task: smokeTask };
      else problem("needs a task to run", "give smoke-task");
      return undefined;
    case "replay": {
      const [, count, slugs = ""] = /^(\d+)(?:\s+of\s+([A-Za-z0-9 -]+))?$/.exec(setting ?? "") ?? [];
      const jobs = Number(count);
      const of = slugs.split(" ").filter((slug) => slug !== "");
      if (jobs >= 1 && jobs <= maxReplayedJobs) return { kind, jobs, of };
      problem(
        "names no number of jobs",
        `as in replay: 5 or replay: 5 of CLUSTER; at most ${maxReplayedJobs}`,
      );
      return undefined;
    }
    case "soak": {
      const minutes = Number(setting);
      if (!/^\d+(\.\d+)?$/.test(setting ?? "") || minutes <= 0 || minutes > maxSoakMinutes) {
        problem("names no number of minutes", `as in soak: 10; at most ${maxSoakMinutes}`);
      } else if (minutes * 60_000 + keptMs >= timeoutMs) {
        const timeout = `timeout-minutes: ${timeoutMs / 60_000}`;
        problem(`does not fit into ${timeout}, of which one is kept for a rollback`, "raise timeout-minutes");
      } else return { kind, minutes };
      return undefined;
    }
    default: {
      const nearest = nearestName(kind, gateKinds);
      problem(
        "is no gate",
        nearest === undefined ? "ready, smoke, replay: JOBS or soak: MINUTES" : `did you mean ${nearest}?`,
      );
      return undefined;
    }
  }
}

function checkClusters(
  gates: readonly Gate[],
  { dev, production }: ClusterInputs,
  problems: Problem[],
): void {
  if (gates.length > 0 && dev.length + production.length === 0) {
    problems.push({ message: "gate: there is no cluster to run gates on", hint: "give dev-cluster" });
  }
  const replay = gates.find(({ kind }) => kind === "replay");
  if (replay?.kind !== "replay") return;
  const hasSource = replay.of.length > 0 || production.length > 0;
  if (dev.length > 0 && hasSource) return;
  problems.push({
    message: "gate: replay clones jobs of a production cluster onto a dev cluster",
    hint: "give dev-cluster, and production-cluster or replay: JOBS of CLUSTER",
  });
}

/** As the input has it. */
export function gateText(gate: Gate): string {
  switch (gate.kind) {
    case "ready":
    case "smoke":
      return gate.kind;
    case "replay":
      return [`replay: ${gate.jobs}`, ...(gate.of.length === 0 ? [] : ["of", ...gate.of])].join(" ");
    case "soak":
      return `soak: ${gate.minutes}`;
  }
}
