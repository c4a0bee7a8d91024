/** Tells the control plane every few seconds, and soon after each change, that this runner is there. */
import type { RunnerCalls, RunnerReport } from "../api/runner-calls.ts";
import { errorTable } from "../error-table.ts";
import { type ReleaseError, toReleaseError } from "../errors.ts";
import { sleep, type Time } from "./time.ts";

export interface ReporterDeps {
  readonly api: Pick<RunnerCalls, "reportRunner">;
  readonly time: Time;
  report(stopped: boolean): RunnerReport;
}

const reportEveryMs = 5_000;
/** Changes that come together are told together. */
const gatherMs = 100;
const lastReportMs = 1_000;

export class Reporter {
  readonly #deps: ReporterDeps;
  #wake = new AbortController();

  constructor(deps: ReporterDeps) {
    this.#deps = deps;
  }

  /**
   * The first report, tried until there is an answer.
   *
   * @returns false when the control plane takes no reports, as one that is not of this product.
   */
  async begin(signal: AbortSignal, onError: (error: ReleaseError) => void): Promise<boolean> {
    while (!signal.aborted) {
      try {
        await this.#deps.api.reportRunner(this.#deps.report(false), signal);
        return true;
      } catch (thrown) {
        const error = toReleaseError(thrown);
        if (errorTable[error.code].kind === "user") return false;
        if (!signal.aborted) onError(error);
        await sleep(this.#deps.time, reportEveryMs, signal);
      }
    }
    return false;
  }

  /** Until the signal fires; then says that the runner is gone. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#deps.time, reportEveryMs, AbortSignal.any([signal, this.#wake.signal]));
      if (this.#wake.signal.aborted) await sleep(this.#deps.time, gatherMs, signal);
      this.#wake = new AbortController();
      // What is missed is told in five seconds; that nobody answers is said where tasks are claimed.
      if (!signal.aborted)
        await this.#deps.api.reportRunner(this.#deps.report(false), signal).catch(() => {});
    }
    const soon = AbortSignal.timeout(lastReportMs);
    await this.#deps.api.reportRunner(this.#deps.report(true), soon).catch(() => {});
  }

  /** Something that a report tells has changed. */
  changed(): void {
    this.#wake.abort();
  }
}
