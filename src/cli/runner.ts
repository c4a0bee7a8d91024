import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { SystemError } from "../errors.ts";
import { visible } from "../report/untrusted-text.ts";
import type { RunnerEvent } from "../runner/events.ts";
import type { OpenedRunner } from "../runner/open-runner.ts";
import { addJsonOption, type JsonOption } from "./json-option.ts";
import { type ApiOptions, addApiOptions, apiTargetOf } from "./options.ts";
import { type Answer, runService, terminalLog } from "./run.ts";
import { defaultRunnerFolder } from "./runner-folder.ts";
import { wholeNumber } from "./whole-number.ts";

interface RunnerOptions extends JsonOption, ApiOptions {
  readonly cluster?: string;
  readonly concurrency: number;
  readonly stopWhenIdling: boolean;
  readonly data?: string;
  readonly diskLimit: number;
  readonly taskTimeout?: number;
  readonly metrics?: MetricsAddress;
  readonly verbose: boolean;
}

interface MetricsAddress {
  readonly host: string;
  readonly port: number;
}

const defaultDiskGib = 20;
const gibibyte = 1024 ** 3;

export function addRunnerCommand(program: Command): void {
  const command = program
    .command("runner")
    .description("Run the tasks of a cluster in the releases that are deployed to it.")
    .option("--cluster <slug>", "the cluster (default: the control plane's default cluster)")
    .option("--concurrency <tasks>", "how many tasks to run at once", wholeNumber(1, 1_000), 1)
    .option("--stop-when-idling", "end when there is nothing to run", false)
    .option("--data <folder>", "where releases are unpacked, of this runner alone (default: a cache folder)")
    .option("--disk-limit <GiB>", "how much releases may take there", wholeNumber(1, 100_000), defaultDiskGib)
    .option("--task-timeout <minutes>", "how long one task may run (default: a day)", wholeNumber(1, 525_600))
    .option("--metrics <host:port>", "serve Prometheus figures at http://HOST:PORT/metrics", metricsAddress)
    .option("--verbose", "one line for each task", false)
    .addHelpText(
      "after",
      "\nThe first Ctrl+C or SIGTERM lets running tasks finish; the second gives them back and ends at once." +
        "\nWith --json each event is one line of JSON on stdout.",
    );
  addJsonOption(addApiOptions(command)).action(async (options: RunnerOptions) => {
    await runService(options, (_signal, answer) => run(options, answer));
  });
}

async function run(options: RunnerOptions, answer: (answer: Answer) => void): Promise<void> {
  const { openRunner, runnerLimits } = await import("../runner/open-runner.ts");
  const { eventLine, eventRecord } = await import("../runner/event-text.ts");
  const { createWatchdog } = await import("../worker/watchdog.ts");
  const metrics = options.metrics === undefined ? undefined : await import("../runner/metrics.ts");
  const limits = runnerLimits(availableParallelism());
  const listeners: ((event: RunnerEvent) => void)[] = [
    (event) => {
      const { level, text } = eventLine(event);
      if (options.json) answer({ json: { at: new Date().toISOString(), ...eventRecord(event) }, text });
      else if (level === "warning") terminalLog.warning(visible(text));
      else if (level === "info" || options.verbose) terminalLog.info(visible(text));
    },
  ];
  const cluster = options.cluster ?? "";
  await using stack = new AsyncDisposableStack();
  const runner = stack.use(
    await openRunner({
      ...apiTargetOf(options),
      cluster,
      concurrency: options.concurrency,
      stopWhenIdling: options.stopWhenIdling,
      limits:
        options.taskTimeout === undefined ? limits : { ...limits, taskMs: options.taskTimeout * 60_000 },
      dataFolder: resolve(options.data ?? defaultRunnerFolder(cluster)),
      maxDiskBytes: options.diskLimit * gibibyte,
      environment: process.env,
      watchdog: createWatchdog(),
      random: (sizeBytes) => randomBytes(sizeBytes),
      onEvent: (event) => {
        for (const listener of listeners) listener(event);
      },
    }),
  );
  if (metrics !== undefined && options.metrics !== undefined) {
    const figures = metrics.createRunnerMetrics(() => runner.report());
    listeners.push((event) => figures.count(event));
    const { port } = stack.use(await metrics.serveMetrics(figures, options.metrics));
    terminalLog.info(`Metrics at http://${options.metrics.host}:${port}/metrics`);
  }
  if (options.concurrency > limits.tasksPerWorker) {
    terminalLog.notice(
      `One worker runs ${limits.tasksPerWorker} tasks at once on this machine; more than that needs several workflows or runners.`,
    );
  }
  await untilEnded(runner);
}

/** The first signal lets it finish, the next one ends it at once; the signal that commands share stands beside. */
async function untilEnded(runner: OpenedRunner): Promise<void> {
  let signals = 0;
  const onSignal = (name: NodeJS.Signals): void => {
    signals++;
    if (signals === 1) runner.drain(`it got ${name}`);
    else runner.quit();
  };
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, onSignal);
  try {
    await runner.ended;
  } finally {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, onSignal);
  }
  if (signals > 1) throw new SystemError("interrupted", "Tasks were given back before they had finished");
}

function metricsAddress(value: string): MetricsAddress {
  const match = /^(.*):(\d{1,5})$/.exec(value);
  const port = Number(match?.[2]);
  const host = match?.[1]?.replace(/^\[(.*)\]$/, "$1") ?? "";
  if (match === null || host === "" || port > 65_535) {
    throw new InvalidArgumentError("give HOST:PORT, as in 127.0.0.1:9464");
  }
  return { host, port };
}
