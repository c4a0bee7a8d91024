/** The jobs that one gate submits: found again when the answer is lost, canceled when nobody waits for them. */
import type { ID } from "../../api/gen/tilebox/v1/id_pb.ts";
import { SortDirection } from "../../api/gen/tilebox/v1/query_pb.ts";
import { type Job, JobState } from "../../api/gen/workflows/v1/core_pb.ts";
import type { GateKind } from "../../engine/provenance.ts";
import { SystemError } from "../../errors.ts";
import { viewJob } from "../../jobs/job-view.ts";
import { hasEnded } from "../../jobs/wait.ts";
import type { GateContext, GateJob } from "./gate.ts";
import { waitUntil } from "./wait.ts";

export interface SubmittedJob {
  readonly id: ID;
  readonly idText: string;
  readonly name: string;
  readonly original: GateJob["original"];
  /** As it was seen last. */
  seen: Job;
}

/** Jobs that gates submitted, by which they are told from a team's own. */
const gateJobName = /^(?:ready|smoke|replay) gate [0-9a-f]{8}\b/;

export function isGateJob(name: string): boolean {
  return gateJobName.test(name);
}

/** A run that was told to stop has a few seconds. */
const cancelMs = 3_000;

export class GateJobs {
  readonly #gate: GateKind;
  readonly #context: Pick<GateContext, "api" | "world" | "log" | "signal">;
  readonly #jobs: SubmittedJob[] = [];
  /** Sent, and not answered yet. */
  readonly #sent = new Set<string>();

  constructor(gate: GateKind, context: Pick<GateContext, "api" | "world" | "log" | "signal">) {
    this.#gate = gate;
    this.#context = context;
  }

  /**
   * Submitting is not safe to repeat, so each job has a name of its own, by which it is looked for before
   * it is submitted again.
   *
   * @param submit is given the job's name, which ends in `what`.
   */
  async submit(
    what: string,
    wait: { readonly title: string; readonly untilMs: number },
    submit: (name: string) => Promise<Job>,
    original?: GateJob["original"],
  ): Promise<SubmittedJob> {
    const token = Buffer.from(this.#context.world.random(4)).toString("hex");
    const own = `${this.#gate} gate ${token}`;
    const name = `${own} of ${what}`;
    const seen = await waitUntil(
      {
        ...wait,
        look: async () => {
          const known = this.#sent.has(own) ? await this.#find(own, this.#context.signal) : undefined;
          this.#sent.add(own);
          return { kind: "done", value: known ?? (await submit(name)) };
        },
      },
      this.#context,
    );
    this.#sent.delete(own);
    const job = submittedJob(seen, original);
    this.#jobs.push(job);
    return job;
  }

  /** Takes over what another gate has submitted. */
  adopt(job: SubmittedJob): void {
    this.#jobs.push(job);
  }

  /** Leaves it to another gate. */
  letGo(job: SubmittedJob): void {
    this.#jobs.splice(this.#jobs.indexOf(job), 1);
  }

  /** Cancels what has not ended, also what may have been submitted without an answer. Never rejects. */
  async cancelOpen(): Promise<void> {
    const signal = AbortSignal.timeout(cancelMs);
    const { api, log } = this.#context;
    const cancel = async (jobId: ID | undefined) => {
      if (jobId !== undefined) await api.jobs.cancelJob({ jobId }, { signal });
    };
    const canceled = await Promise.allSettled([
      ...this.#jobs.filter(({ seen }) => !hasEnded(seen.state)).map(({ id }) => cancel(id)),
      ...[...this.#sent].map(async (own) => cancel((await this.#find(own, signal))?.id)),
    ]);
    const left = canceled.filter(({ status }) => status === "rejected").length;
    if (left > 0)
      log.warning(`${left} of the jobs that the ${this.#gate} gate submitted could not be canceled`);
  }

  list(): GateJob[] {
    return this.#jobs.map(({ idText, name, seen, original }) => {
      const { totalTasks, elapsedMs } = viewJob(seen);
      return {
        id: idText,
        name,
        outcome: outcomes.get(seen.state) ?? "unended",
        tasks: totalTasks,
        elapsedMs,
        ...(original === undefined ? {} : { original }),
      };
    });
  }

  async #find(own: string, signal: AbortSignal): Promise<Job | undefined> {
    const { jobs } = await this.#context.api.jobs.queryJobs(
      { filters: { name: own }, sortDirection: SortDirection.DESCENDING },
      { signal },
    );
    return jobs.find(({ name }) => name.startsWith(own));
  }
}

const outcomes: ReadonlyMap<JobState, GateJob["outcome"]> = new Map([
  [JobState.COMPLETED, "completed"],
  [JobState.FAILED, "failed"],
  [JobState.CANCELED, "canceled"],
]);

function submittedJob(seen: Job, original: GateJob["original"]): SubmittedJob {
  if (seen.id === undefined) {
    throw new SystemError("api-failed", "The control plane answered with a job that has no id");
  }
  return { id: seen.id, idText: viewJob(seen).id, name: seen.name, original, seen };
}
