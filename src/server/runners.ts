/** The release runners that are there, from what they report to any of the control planes of one store. */
import { type KnownRunner, type RunnerReport, runnerExpiryMs } from "../api/runner-calls.ts";
import type { Slug } from "../engine/slug.ts";
import { UserError } from "../errors.ts";
import type { KnownRunnerRecord, RunnerStore } from "../store/runner-port.ts";
import type { Caller } from "./auth.ts";

/** A report whose cluster is known by its slug, the default one too. */
type PlacedReport = RunnerReport & { readonly cluster: Slug };

/** What is kept as JSON: it is listed as it was reported. */
type Facts = Pick<RunnerReport, "version" | "concurrency" | "tasks" | "releases">;

export class RunnerRegistry {
  readonly #store: RunnerStore;

  constructor(store: RunnerStore) {
    this.#store = store;
  }

  /** Throws api-limit; permission-denied for a worker, whose key would else outlive its runner's. */
  async report(report: PlacedReport, caller: Caller): Promise<void> {
    if (caller.isWorker) {
      throw new UserError("permission-denied", `A ${caller.name} may not report a runner`);
    }
    const { id, cluster, workerKeySha256, version, concurrency, tasks, releases } = report;
    if (report.stopped) return await this.#store.removeRunner({ id, apiKey: caller.name });
    const facts = JSON.stringify({ version, concurrency, tasks, releases } satisfies Facts);
    await this.#store.reportRunner(
      { id, cluster, apiKey: caller.name, workerKeySha256, facts },
      runnerExpiryMs,
    );
  }

  /** Longest known first; those of one cluster when it is named, by its slug. */
  async list(cluster: string | undefined): Promise<readonly KnownRunner[]> {
    return (await this.#store.listRunners({ cluster, expiryMs: runnerExpiryMs })).map(toKnownRunner);
  }

  /**
   * Whose worker has this key. A worker runs a project's code and may do what a runner may, whatever its
   * runner's own key allows; its key ends with its runner.
   */
  async findWorker(keySha256: string): Promise<Caller | undefined> {
    const name = await this.#store.findRunnerKey(keySha256, runnerExpiryMs);
    return name === undefined ? undefined : { name: `worker of ${name}`, role: "runner", isWorker: true };
  }
}

function toKnownRunner({ id, cluster, apiKey, facts, ...seen }: KnownRunnerRecord): KnownRunner {
  return { id, cluster, ...(JSON.parse(facts) as Facts), key: apiKey, ...seen };
}
