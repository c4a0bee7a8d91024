import type { ReadyTasks } from "../engine/claim.ts";
import { canRun } from "../engine/task-version.ts";
import { asksForTask, getsIdleAnswer, type RunnerRhythm, works } from "../engine/waiting.ts";
import type { ClaimedTask, JobStore, Offer } from "../store/job-port.ts";
import { HeldRequest } from "./held-request.ts";
import type { Peer } from "./peer.ts";
import type { Timers } from "./timers.ts";

/** A task, or how long the runner should sleep before it asks again. */
export type Turn = { readonly task: ClaimedTask } | { readonly sleepMs: number };

/** Runners that ask for work where there is none. When and for how long they wait is engine/waiting.ts. */
export interface WaitingRunners {
  /** A runner asks and has nothing to report. Rejects with the signal's reason when it goes away meanwhile. */
  ask(offer: Offer, peer: Peer | undefined, signal: AbortSignal): Promise<Turn>;
  /** A runner reported a task and asked for the next one in the same request. */
  reported(offer: Offer, peer: Peer | undefined): void;
  /** Whose request is held now. */
  count(): number;
  /** Answers everyone who waits, now and from now on. */
  close(): void;
}

export interface WaitingDeps {
  readonly jobs: Pick<JobStore, "nextTask" | "failTask" | "onReady">;
  /** Monotonic milliseconds. */
  readonly monotonicMs: () => number;
  readonly timers: Timers;
}

export function createWaitingRunners({ jobs, monotonicMs, timers }: WaitingDeps): WaitingRunners {
  const held = new Set<HeldRequest>();
  const rhythms = new Rhythms();
  let closed = false;

  const stopListening = jobs.onReady((ready) => {
    for (const tasks of ready) wakeFor(tasks, held);
  });

  async function claim(offer: Offer, signal: AbortSignal): Promise<ClaimedTask | undefined> {
    const { task } = await jobs.nextTask({ computed: undefined, offer });
    if (task === undefined || !signal.aborted) return task;
    // Nobody is there to run it, and nobody should have to wait for its lease to find that out.
    await jobs.failTask({ id: task.id, display: "", progress: [], wasWorkflowError: false });
    throw signal.reason;
  }

  async function hold(offer: Offer, forMs: number, signal: AbortSignal): Promise<ClaimedTask | undefined> {
    const request = new HeldRequest(offer, () => claim(offer, signal));
    held.add(request);
    const stop = () => request.end();
    const cancelTimer = timers.set(stop, forMs);
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await request.run();
    } finally {
      held.delete(request);
      cancelTimer();
      signal.removeEventListener("abort", stop);
    }
  }

  return {
    async ask(offer, peer, signal) {
      const key = offerKey(offer);
      const { rhythm, holdMs } = asksForTask(rhythms.get(peer, key), monotonicMs());
      const task = await (holdMs === 0 || closed ? claim(offer, signal) : hold(offer, holdMs, signal));
      signal.throwIfAborted();
      if (task !== undefined) {
        rhythms.set(peer, key, works(rhythm));
        return { task };
      }
      const idle = getsIdleAnswer(rhythm, monotonicMs());
      rhythms.set(peer, key, idle.rhythm);
      return { sleepMs: idle.sleepMs };
    },

    reported(offer, peer) {
      const key = offerKey(offer);
      rhythms.set(peer, key, works(rhythms.get(peer, key)));
    },

    count: () => held.size,

    close() {
      closed = true;
      stopListening();
      for (const request of held) request.end();
    },
  };
}

/** Runners that share a connection, a proxy's for example, are told apart by what they offer. */
class Rhythms {
  readonly #ofPeers = new WeakMap<Peer, Map<string, RunnerRhythm>>();

  get(peer: Peer | undefined, key: string): RunnerRhythm | undefined {
    return peer === undefined ? undefined : this.#ofPeers.get(peer)?.get(key);
  }

  set(peer: Peer | undefined, key: string, rhythm: RunnerRhythm): void {
    if (peer === undefined) return;
    const known = this.#ofPeers.get(peer);
    const ofPeer = known === undefined || known.size >= rememberedPerPeer ? new Map() : known;
    this.#ofPeers.set(peer, ofPeer.set(key, rhythm));
  }
}

/** A client that varies its offer without end must not fill the memory. */
const rememberedPerPeer = 100;

/** No more runners than there are tasks, so that one task does not make a thousand of them ask. */
function wakeFor({ cluster, identifier, count }: ReadyTasks, held: ReadonlySet<HeldRequest>): void {
  let left = count;
  for (const request of held) {
    if (left === 0) return;
    const { cluster: wanted, identifiers } = request.offer;
    // Which cluster is the default one only the store knows; it may be this.
    if (wanted.kind === "slug" && wanted.slug !== cluster) continue;
    if (!identifiers.some((offered) => canRun(offered, identifier))) continue;
    request.wake();
    left--;
  }
}

function offerKey({ cluster, identifiers }: Offer): string {
  const slug = cluster.kind === "default" ? "" : cluster.slug;
  return [slug, ...identifiers.map(({ name, version }) => `${version} ${name}`)].join("\n");
}
