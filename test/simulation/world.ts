/** One seed: clusters with or without a release, a runner on each, a roll-out, and whatever comes between. */
import { createClientOver } from "../../src/api/client.ts";
import { withErrors } from "../../src/api/http-exchange.ts";
import type { ReleaseId } from "../../src/engine/id.ts";
import { type ReleaseError, SystemError, toReleaseError } from "../../src/errors.ts";
import { deployRelease, readClusters } from "../../src/release/cluster-calls.ts";
import type { Gate } from "../../src/release/gates/gate.ts";
import "../../src/release/gates/run-gates.ts";
import { onFailureOf } from "../../src/release/on-failure.ts";
import type { ReleaseApi } from "../../src/release/release-api.ts";
import "../../src/release/rollback.ts";
import { type RunRecord, startRecord } from "../../src/report/record.ts";
import { proveRelease } from "../../src/stages/prove-release.ts";
import { rollOut } from "../../src/stages/roll-out.ts";
import { openPlane, type SimulatedPlane, workflow } from "./control-plane.ts";
import { Dice } from "./dice.ts";
import { Network } from "./network.ts";
import { VirtualTime } from "./virtual-time.ts";

export interface Ending {
  readonly record: RunRecord;
  readonly failure: ReleaseError | undefined;
  readonly onFailure: "rollback" | "leave";
  readonly names: ReadonlyMap<string | undefined, string>;
  readonly before: ReadonlyMap<string, string | undefined>;
  /** Read from the store when nothing is under way any more. */
  readonly now: ReadonlyMap<string, string | undefined>;
  /** What the run's calls took away, by the history. */
  readonly taken: readonly string[];
  /** When a third party changed a cluster last, and when the run's last answered read was served. */
  readonly thirdAtMs: ReadonlyMap<string, number>;
  readonly readAtMs: ReadonlyMap<string, number>;
  readonly planeFailures: readonly unknown[];
  readonly log: string;
}

export async function simulate(seed: number): Promise<Ending> {
  const time = new VirtualTime();
  const dice = new Dice(seed);
  const plane = await openPlane(time, dice);
  try {
    return await time.pass(run(time, dice, plane));
  } finally {
    plane.close();
  }
}

async function run(time: VirtualTime, dice: Dice, plane: SimulatedPlane): Promise<Ending> {
  const startMs = time.nowMs();
  const lines: string[] = [];
  const say = (line: string) => void lines.push(`${time.nowMs() - startMs} ${line}`);
  const [old, release, other] = [
    await plane.publish("a"),
    await plane.publish("b"),
    await plane.publish("c"),
  ];
  const names = new Map([
    [undefined, "none"],
    [old.id, "old"],
    [release.id, "new"],
    [other.id, "other"],
  ]);
  const some = (prefix: string) => Array.from({ length: dice.whole(1, 3) }, (_, n) => `${prefix}-${n + 1}`);
  const rollout = { dev: some("dev"), production: dice.chance(0.8) ? some("production") : [] };
  const clusters = [...rollout.dev, ...rollout.production];
  const before = new Map<string, string | undefined>();
  const network = new Network(time, dice, say);
  const setup = apiOver(plane, new Network(time, dice, () => {}), time, dice, "third", () => {});
  const never = new AbortController().signal;
  for (const cluster of clusters) {
    await plane.createCluster(cluster);
    const has = dice.chance(0.7) ? old : dice.chance(0.2) ? release : undefined;
    before.set(cluster, has?.id);
    if (has !== undefined) {
      const change = { reason: "deploy", expected: undefined, signal: never } as const;
      await deployRelease(setup, { workflow, cluster }, has, change);
    }
  }
  const ended = new AbortController();
  const broken = dice.chance(0.2) ? dice.pick([clusters[0] ?? "", ...clusters]) : undefined;
  for (const cluster of clusters) {
    void serveRunner(
      plane,
      time,
      new Dice(dice.whole(0, 1e9)),
      cluster,
      ended.signal,
      cluster === broken ? release.id : "",
    );
  }
  const readAtMs = new Map<string, number>();
  const api = apiOver(plane, network, time, dice, "run", (cluster) => readAtMs.set(cluster, time.nowMs()));
  const thirdAtMs = new Map<string, number>();
  const stop = new AbortController();
  const onFailure = onFailureOf(dice.pick([undefined, "rollback", "leave"]), rollout);
  const gates: readonly Gate[] = dice.chance(0.6) ? [{ kind: "ready", task: undefined }] : [];
  const snapshot = await readClusters(setup, workflow, rollout, never);
  network.faultRate = dice.pick([0, 0.05, 0.2, 0.5]);
  if (dice.chance(0.3)) {
    const fromMs = time.nowMs() + dice.whole(0, 2_000);
    network.outage = { fromMs, toMs: fromMs + dice.whole(1_000, 300_000) };
  }
  if (dice.chance(0.3)) {
    const cluster = dice.pick([clusters[0] ?? "", ...clusters]);
    time.after(dice.whole(1, 3_000), () => {
      thirdAtMs.set(cluster, time.nowMs());
      say(`a third party deploys to ${cluster}`);
      void plane.deploy(cluster, other);
    });
  }
  if (dice.chance(0.25)) {
    time.after(dice.whole(1, 5_000), () => {
      say("cancel");
      stop.abort(new SystemError("interrupted", "canceled"));
    });
  }
  const record = startRecord(time.nowMs());
  record.slug = workflow;
  record.release = { ...release, outcome: "reused" };
  const log = {
    ...{ info: say, notice: say, warning: say },
    group: async <T>(title: string, work: () => Promise<T>) => {
      say(title);
      return await work();
    },
  };
  const world = { clock: time.nowMs, sleep: time.sleep, random: dice.bytes };
  const deps = { log, signal: stop.signal, world, endsAtMs: time.nowMs() + 600_000 };
  const proof = { project: { slug: workflow }, rollout, gates };
  const target = {
    ...{ workflow, rollout, before: snapshot, releaseFor: () => release, reason: "deploy" as const },
    ...{ allow: new Map(), onFailure, planned: undefined, gates },
    prove: (deployed: Parameters<typeof proveRelease>[1]) => proveRelease(api, deployed, proof, record, deps),
  };
  const failure = await rollOut(api, target, record, deps).then(() => undefined, toReleaseError);
  say(`ends with ${failure === undefined ? "success" : `${failure.code}: ${failure.message}`}`);
  await time.sleep(2_000);
  ended.abort();
  const now = new Map<string, string | undefined>();
  for (const cluster of clusters) now.set(cluster, await plane.read(cluster));
  for (const { cluster, outcome, why } of record.deployments.values())
    say(`${cluster}: ${outcome} ${why ?? ""}; has ${names.get(now.get(cluster))}`);
  return {
    ...{ record, failure, onFailure, names, before, now, thirdAtMs, readAtMs },
    taken: await plane.takenByRun(other.id as ReleaseId),
    planeFailures: plane.failures,
    log: [...names].reduce(
      (text, [id, name]) => (id === undefined ? text : text.replaceAll(id, name)),
      lines.join("\n"),
    ),
  };
}

function apiOver(
  plane: SimulatedPlane,
  network: Network,
  time: VirtualTime,
  dice: Dice,
  name: string,
  onRead: (cluster: string) => void,
) {
  const { transport, history } = plane.connect(name);
  const absent = async () => {
    throw new Error("no roll-out asks for it");
  };
  const host = "simulation";
  /** What goes beside the RPCs has its own errors mapped, as over HTTP. */
  const named = <T>(call: string, work: () => Promise<T>, signal: AbortSignal | undefined) =>
    withErrors({ name: call, host, missing: ["cluster"], signal }, () => network.call(call, work, signal));
  const client = createClientOver({
    host,
    transport: {
      unary: (method, signal, _timeoutMs, header, input) => {
        const slug = "clusterSlug" in input ? String(input.clusterSlug) : "";
        const serve = async () => {
          return await transport.unary(method, undefined, undefined, header, input);
        };
        const answer = network.call(`${method.name} ${slug}`, serve, signal);
        if (method.name === "GetCluster")
          void answer.then(
            () => onRead(slug),
            () => {},
          );
        return answer;
      },
    },
    artifacts: {
      hasArtifactEndpoint: async () => true,
      findArtifact: absent,
      uploadArtifact: absent,
      downloadArtifact: absent,
      keepContract: async () => true,
      findContract: async () => undefined,
    },
    history: {
      readHistory: (query, signal) => named("reading the history", () => history.readHistory(query), signal),
      recordGate: (report, from, signal) =>
        named("recording the gate", () => history.recordGate(report, from), signal),
    },
    retryDeps: {
      clock: time.nowMs,
      random: dice.next,
      wait: async (ms, signal) => {
        await time.sleep(ms, signal);
        signal?.throwIfAborted();
      },
    },
  });
  return {
    ...client,
    listRunners: (cluster: string, signal?: AbortSignal) =>
      named("listing runners", () => plane.listRunners(cluster), signal),
    explainJob: absent,
  } satisfies ReleaseApi & Record<string, unknown>;
}

/** Says every other second what the cluster has, after it took some time to load; it may refuse one release. */
async function serveRunner(
  plane: SimulatedPlane,
  time: VirtualTime,
  dice: Dice,
  cluster: string,
  signal: AbortSignal,
  broken: string,
): Promise<void> {
  let since = { id: "", readyAtMs: 0 };
  const isGone = dice.chance(0.05);
  const runnerId = `00000000-0000-4000-8000-${Buffer.from(dice.bytes(6)).toString("hex")}`;
  while (!signal.aborted && !isGone) {
    const id = (await plane.read(cluster)) ?? "";
    if (id !== since.id) since = { id, readyAtMs: time.nowMs() + dice.whole(0, 20_000) };
    const state = id === broken ? "broken" : time.nowMs() < since.readyAtMs ? "loading" : "ready";
    const releases = id === "" ? [] : [{ id: id as ReleaseId, workflow, state, reason: "" } as const];
    await plane.reportRunner(cluster, runnerId, releases);
    await time.sleep(dice.whole(1_000, 3_000), signal);
  }
}
