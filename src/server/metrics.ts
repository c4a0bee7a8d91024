/** The figures of a control plane as Prometheus' text. Loaded when somebody asks, as the library takes a while. */
import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type HistogramConfiguration,
  Registry,
} from "prom-client";
import type { QueueDepth } from "../store/job-port.ts";
import type { Store } from "../store/port.ts";
import { version } from "../version.ts";
import { type DurationSeries, durationBounds, type ServerFigures } from "./figures.ts";
import { type MetricName, metricPrefix, metricTable } from "./metric-table.ts";
import { connectionLimits } from "./protocol-servers.ts";
import type { RunnerState } from "./runner-state.ts";
import { withinMs } from "./within.ts";

export interface MetricSources {
  readonly figures: ServerFigures;
  readonly store: { readonly jobs: Pick<Store["jobs"], "readQueueDepth">; readonly pools: Store["pools"] };
  readonly runners: Pick<RunnerState, "figures" | "seen" | "waiting">;
  readonly openConnections: () => number;
  /** Of the certificate in use, in milliseconds since 1970; undefined without TLS. */
  readonly certificateEndMs: () => number | undefined;
}

export interface ServerMetrics {
  text(): Promise<string>;
  readonly contentType: string;
}

/** What the open jobs are read to: a walk of a few milliseconds, whatever else is queued. */
const countedJobs = 5_000;
/** Two who scrape every 15 seconds cost what one does. */
const depthAgeMs = 5_000;
/** Prometheus gives up after ten seconds, and then has none of the figures. */
const depthLimitMs = 2_000;

type Labels = Readonly<Record<string, string>>;
interface Sample {
  readonly labels?: Labels;
  readonly value: number;
}

export function createServerMetrics(sources: MetricSources): ServerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  addOwnMetrics(registry, sources);
  return { contentType: registry.contentType, text: () => registry.metrics() };
}

function addOwnMetrics(registry: Registry, sources: MetricSources): void {
  const { figures, store, runners } = sources;
  const add = (name: MetricName, read: () => readonly Sample[] | Promise<readonly Sample[]>) =>
    addSamples(registry, name, read);
  const one = (name: MetricName, read: () => number) => add(name, () => [{ value: read() }]);
  const depth = recently(() => withinMs(store.jobs.readQueueDepth(countedJobs), depthLimitMs));

  add("build_info", () => [{ labels: { version, node_version: process.version }, value: 1 }]);
  addDurations(registry, "rpc_duration_seconds", () => figures.rpcs.ended);
  add("rpcs_in_progress", () => samplesOf("method", figures.rpcs.inProgress));
  addDurations(registry, "http_request_duration_seconds", () => figures.requests.ended);
  add("http_requests_in_progress", () => samplesOf("route", figures.requests.inProgress));
  one("connections", sources.openConnections);
  one("connections_limit", () => connectionLimits.maxConnections);
  one("runners_seen", () => runners.seen.count());
  one("runners_waiting", () => runners.waiting.count());
  one("tasks_claimed_total", () => runners.figures.claimed);
  add("task_reports_total", () => {
    const { computed, failed, handedBack } = runners.figures.reports;
    return samplesOf("outcome", Object.entries({ computed, failed, handed_back: handedBack }));
  });
  one("leases_expired_total", () => runners.figures.leasesExpired);
  add("store_up", async () => [{ value: (await depth()) === undefined ? 0 : 1 }]);
  add("open_jobs", async () => samplesOf("state", Object.entries((await depth())?.jobs ?? {})));
  add("open_tasks", async () => openTasks(await depth()));
  add("oldest_waiting_job_timestamp_seconds", async () => secondsOf((await depth())?.oldestWaitingMs));
  addDurations(registry, "store_commit_duration_seconds", () => figures.commits.ended);
  add("store_operations_total", () => samplesOf("lane", figures.commits.operations));
  add("database_connections", () =>
    store.pools().flatMap(({ name: pool, open, idle }) => [
      { labels: { pool, state: "idle" }, value: idle },
      { labels: { pool, state: "in_use" }, value: open - idle },
    ]),
  );
  add("database_connections_limit", () =>
    store.pools().map(({ name: pool, limit: value }) => ({ labels: { pool }, value })),
  );
  add("database_waiting", () =>
    store.pools().map(({ name: pool, waiting: value }) => ({ labels: { pool }, value })),
  );
  one("artifact_received_bytes_total", () => figures.artifacts.receivedBytes);
  one("artifact_sent_bytes_total", () => figures.artifacts.sentBytes);
  add("tls_certificate_not_after_timestamp_seconds", () => secondsOf(sources.certificateEndMs()));
}

function samplesOf(label: string, values: Iterable<readonly [string, number]>): readonly Sample[] {
  return Array.from(values, ([name, value]) => ({ labels: { [label]: name }, value }));
}

function secondsOf(ms: number | undefined): readonly Sample[] {
  return ms === undefined ? [] : [{ value: ms / 1_000 }];
}

function openTasks(depth: QueueDepth | undefined): readonly Sample[] {
  if (depth === undefined) return [];
  return samplesOf("state", Object.entries({ queued: depth.queuedTasks, running: depth.runningTasks }));
}

/** Undefined when it failed; what one scrape read is what all of its rows say. */
function recently<T>(read: () => Promise<T>): () => Promise<T | undefined> {
  let last: { readonly atMs: number; readonly value: Promise<T | undefined> } | undefined;
  return () => {
    const nowMs = performance.now();
    if (last === undefined || nowMs - last.atMs > depthAgeMs) {
      last = { atMs: nowMs, value: read().catch(() => undefined) };
    }
    return last.value;
  };
}

function addSamples(
  registry: Registry,
  name: MetricName,
  read: () => readonly Sample[] | Promise<readonly Sample[]>,
): void {
  const configuration = configurationOf(registry, name);
  if (metricTable[name].type === "counter") {
    new Counter({
      ...configuration,
      async collect() {
        this.reset();
        for (const { labels = {}, value } of await read()) this.inc(labels, value);
      },
    });
  } else {
    new Gauge({
      ...configuration,
      async collect() {
        // Without labels reset() leaves a 0 where there is to be nothing.
        this.reset();
        this.remove({});
        for (const { labels = {}, value } of await read()) this.set(labels, value);
      },
    });
  }
}

function configurationOf(registry: Registry, name: MetricName) {
  const { help, labels } = metricTable[name];
  return { name: metricPrefix + name, help, labelNames: [...labels], registers: [registry] };
}

function addDurations(registry: Registry, name: MetricName, read: () => readonly DurationSeries[]): void {
  new CountedHistogram({ ...configurationOf(registry, name), buckets: [...durationBounds] }, read);
}

/** A histogram whose observations were counted elsewhere. */
class CountedHistogram extends Histogram<string> {
  readonly #configuration: HistogramConfiguration<string>;
  readonly #read: () => readonly DurationSeries[];

  constructor(configuration: HistogramConfiguration<string>, read: () => readonly DurationSeries[]) {
    super(configuration);
    this.#configuration = configuration;
    this.#read = read;
  }

  /** What the registry asks a metric for; the library's types leave it out. */
  async getForPromString() {
    const { name, help } = this.#configuration;
    const values = this.#read().flatMap((series) => this.#valuesOf(series));
    return { name, help, type: "histogram", aggregator: "sum", values };
  }

  #valuesOf({ labels: [first, second], counts, sumSeconds }: DurationSeries) {
    const { name, labelNames: [firstName = "", secondName = ""] = [] } = this.#configuration;
    const labels = { [firstName]: first, [secondName]: second };
    let count = 0;
    const buckets = counts.map((inBucket, index) => {
      count += inBucket;
      const le = durationBounds[index] ?? "+Inf";
      return { labels: { le, ...labels }, value: count, metricName: `${name}_bucket` };
    });
    return [
      ...buckets,
      { labels, value: sumSeconds, metricName: `${name}_sum` },
      { labels, value: count, metricName: `${name}_count` },
    ];
  }
}
