/** A release runner in this process against a control plane, with everything that it says kept. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { RunnerEvent } from "../../src/runner/events.ts";
import { openRunner } from "../../src/runner/open-runner.ts";
import type { Runner, RunnerLimits, RunnerOptions } from "../../src/runner/runner.ts";
import { createWatchdog } from "../../src/worker/watchdog.ts";
import { createScratchFolder } from "./scratch-folder.ts";

export interface TestRunner extends AsyncDisposable {
  readonly runner: Runner;
  readonly events: readonly RunnerEvent[];
  /** Resolves with the first event of the kind that fits, also one that was before. Fails after a minute. */
  event<K extends RunnerEvent["kind"]>(
    kind: K,
    fits?: (event: Extract<RunnerEvent, { kind: K }>) => boolean,
  ): Promise<Extract<RunnerEvent, { kind: K }>>;
  /** Where releases are unpacked. */
  readonly folder: string;
}

export interface TestRunnerOptions extends Partial<Omit<RunnerOptions, "limits">> {
  readonly url: string;
  readonly apiKey: string;
  readonly cluster: string;
  readonly limits?: Partial<RunnerLimits>;
  /** Kept between two runners; otherwise a scratch folder. */
  readonly dataFolder?: string;
  readonly maxBytes?: number;
}

/** Generous where other tests' load could matter; ends fast. */
const testLimits: RunnerLimits = {
  tasksPerWorker: 5,
  taskMs: 60_000,
  prepareMs: 120_000,
  environmentMs: 60_000,
  importMs: 60_000,
  graceMs: 10_000,
  terminateMs: 2_000,
};

const watchdog = createWatchdog();

export async function startTestRunner(options: TestRunnerOptions): Promise<TestRunner> {
  await using stack = new AsyncDisposableStack();
  const scratch = stack.use(await createScratchFolder());
  const { url, apiKey } = options;
  const events: RunnerEvent[] = [];
  const waiting = new Set<() => void>();
  const onEvent = (event: RunnerEvent): void => {
    events.push(event);
    for (const look of [...waiting]) look();
  };
  const folder = join(options.dataFolder ?? scratch.path, "runner");
  const runner = stack.use(
    await openRunner({
      url,
      apiKey,
      dataFolder: folder,
      maxDiskBytes: options.maxBytes ?? 10e9,
      environment: process.env,
      watchdog,
      random: (sizeBytes) => randomBytes(sizeBytes),
      onEvent,
      cluster: options.cluster,
      concurrency: options.concurrency ?? 1,
      stopWhenIdling: options.stopWhenIdling ?? false,
      limits: { ...testLimits, ...options.limits },
    }),
  );
  const owned = stack.move();
  return {
    runner,
    events,
    folder,
    event: (kind, fits = () => true) => {
      type Wanted = Extract<RunnerEvent, { kind: typeof kind }>;
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`no ${kind} among: ${events.map((event) => event.kind).join(" ")}`));
        }, 60_000);
        const look = (): void => {
          const found = events.find((event): event is Wanted => event.kind === kind && fits(event as Wanted));
          if (found === undefined) return;
          clearTimeout(late);
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
