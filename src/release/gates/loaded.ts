/** Whether the runners of a cluster have loaded a release, from what they report to our control plane. */
import type { KnownRunner, RunnerReleaseState } from "../../api/runner-calls.ts";
import { GateFailed } from "./gate-failed.ts";
import type { GateRun } from "./gate-run.ts";
import { type Look, waitUntil } from "./wait.ts";

/** How each runner stood to the release when one of them had loaded it. */
export interface LoadedBy {
  readonly ready: readonly string[];
  /** Runners that could not load it, each with its reason. */
  readonly refused: readonly string[];
}

/**
 * Waits until a runner has loaded the release and none serves another one of the workflow, so that a job
 * that is submitted afterwards is run by this release.
 *
 * @returns undefined where the control plane lists no runners
 * @throws GateFailed no-runner, release-not-loaded, and release-refused once no runner can load it any more
 */
export async function awaitLoaded(run: GateRun): Promise<LoadedBy | undefined> {
  const { api, cluster, signal, title, untilMs } = run;
  const look = async (): Promise<Look<LoadedBy | undefined>> => {
    const runners = await api.listRunners(cluster, signal);
    return runners === undefined ? { kind: "done", value: undefined } : judge(runners, run);
  };
  return await waitUntil({ title, untilMs, look }, run);
}

function judge(
  runners: readonly KnownRunner[],
  { cluster, workflow, release }: Pick<GateRun, "cluster" | "workflow" | "release">,
): Look<LoadedBy> {
  if (runners.length === 0) {
    return {
      kind: "waiting",
      for: `a runner on ${cluster}`,
      reason: "no-runner",
      next: `Start one: workflow-release runner --cluster ${cluster}.`,
    };
  }
  const standings = runners.map((runner) => standingOf(runner, workflow, release.id));
  const ready = standings.filter(({ state }) => state === "ready").map(({ name }) => name);
  const refused = standings.filter(({ state }) => state === "refused");
  const late = standings.filter(
    ({ state }) => state === "loading" || state === "unseen" || state === "other",
  );
  if (ready.length === 0 && late.length === 0) {
    throw new GateFailed("release-refused", `${refused.map(({ name }) => name).join(", ")} cannot load it`, {
      problems: refused.map(({ name, detail }) => ({ message: `${name}: ${detail}` })),
      next: "Mend what the runner says, on its machine or in the project; its log says more.",
    });
  }
  const hinders = late.filter(({ state }) => ready.length === 0 || state === "other");
  if (hinders.length === 0) {
    return {
      kind: "done",
      value: { ready, refused: refused.map(({ name, detail }) => `${name}: ${detail}`) },
    };
  }
  return {
    kind: "waiting",
    for: hinders.map(({ name, detail }) => `${name}, which ${detail}`).join("; "),
    reason: "release-not-loaded",
    next: "Look at the runner's log: it says what it does with each release.",
  };
}

interface Standing {
  /** As a person finds it in the list of runners. */
  readonly name: string;
  readonly state: "ready" | "loading" | "refused" | "unseen" | "other";
  /** The runner's reason, or the rest of "which". */
  readonly detail: string;
}

const serving: ReadonlySet<RunnerReleaseState> = new Set(["ready", "loading"]);

function standingOf(runner: KnownRunner, workflow: string, release: string): Standing {
  const name = `runner ${runner.id.slice(0, 8)} (${runner.key})`;
  const other = runner.releases.find(
    (one) => one.workflow === workflow && one.id !== release && serving.has(one.state),
  );
  if (other !== undefined) return { name, state: "other", detail: `still serves release ${other.id}` };
  const own = runner.releases.find(({ id, state }) => id === release && state !== "draining");
  switch (own?.state) {
    case "ready":
      return { name, state: "ready", detail: "has loaded the release" };
    case "broken":
      return { name, state: "refused", detail: own.reason };
    case "loading":
      return { name, state: "loading", detail: "is loading the release" };
    case "draining":
    case undefined:
      return { name, state: "unseen", detail: "has not begun to load the release" };
  }
}
