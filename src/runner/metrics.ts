/** A runner's figures for Prometheus, served on an address of their own. */
import { createServer, type Server } from "node:http";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { RunnerReleaseState, RunnerReport } from "../api/runner-calls.ts";
import { UserError } from "../errors.ts";
import type { RunnerEvent } from "./events.ts";

export interface RunnerMetrics {
  count(event: RunnerEvent): void;
  /** Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

const releaseStates: readonly RunnerReleaseState[] = ["loading", "ready", "draining", "broken"];
/** From a task that only splits work to one that downloads a scene and computes on it. */
const taskSeconds = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1_800, 7_200];
const prepareSeconds = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 900];

/** @param report what the gauges are read from when somebody asks */
export function createRunnerMetrics(report: () => RunnerReport): RunnerMetrics {
  const registry = new Registry();
  const registers = [registry];
  const name = (rest: string) => `workflow_release_runner_${rest}`;
  const tasks = new Histogram({
    name: name("task_seconds"),
    help: "How long tasks ran in a worker, by how they ended",
    labelNames: ["workflow", "outcome"] as const,
    buckets: taskSeconds,
    registers,
  });
  const prepared = new Histogram({
    name: name("prepare_seconds"),
    help: "How long making a release ready took, by step",
    labelNames: ["step"] as const,
    buckets: prepareSeconds,
    registers,
  });
  const counter = (rest: string, help: string) => new Counter({ name: name(rest), help, registers });
  const deaths = counter("worker_deaths_total", "Workers that ended by themselves");
  const left = counter("workers_left_total", "Workers left because a task ran beyond its limit");
  const broken = counter("release_failures_total", "Failed attempts to load a release");
  const handedBack = counter("tasks_handed_back_total", "Tasks given back to the queue");
  const leases = counter("leases_lost_total", "Leases that the control plane did not extend");
  const outages = counter("control_plane_outages_total", "Times that the control plane stopped answering");
  new Gauge({
    name: name("tasks_running"),
    help: "Tasks in flight",
    registers,
    collect() {
      this.set(report().tasks);
    },
  });
  new Gauge({
    name: name("concurrency"),
    help: "Tasks that may be in flight",
    registers,
    collect() {
      this.set(report().concurrency);
    },
  });
  new Gauge({
    name: name("releases"),
    help: "Releases of the cluster, by state on this runner",
    labelNames: ["state"] as const,
    registers,
    collect() {
      const { releases } = report();
      for (const state of releaseStates) {
        this.set({ state }, releases.filter((release) => release.state === state).length);
      }
    },
  });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    count(event) {
      switch (event.kind) {
        case "task-ended": {
          const { result, release, tookMs } = event;
          const outcome =
            result.kind === "computed" ? "computed" : result.task.wasWorkflowError ? "failed" : "handed_back";
          tasks.observe({ workflow: release.workflow, outcome }, tookMs / 1_000);
          return;
        }
        case "release-fetched":
          return prepared.observe({ step: "files" }, event.tookMs / 1_000);
        case "environment-ready":
          return prepared.observe({ step: "environment" }, event.tookMs / 1_000);
        case "worker-ready":
          return prepared.observe({ step: "worker" }, event.tookMs / 1_000);
        case "worker-died":
          return deaths.inc();
        case "worker-left":
          return left.inc();
        case "release-broken":
          return broken.inc();
        case "task-handed-back":
          return handedBack.inc();
        case "lease-lost":
          return leases.inc();
        case "control-plane-lost":
          return outages.inc();
        default:
      }
    },
  };
}

/** GET /metrics. Throws listen-failed. */
export async function serveMetrics(
  metrics: RunnerMetrics,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((request, response) => {
    if (request.method !== "GET" || request.url !== "/metrics") {
      response.writeHead(404).end();
      return;
    }
    metrics.text().then(
      (text) => response.writeHead(200, { "content-type": metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  const bound = await listen(server, host, port);
  // It must not keep a runner from ending.
  server.unref();
  return {
    port: bound,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      const message = `Metrics cannot be served on ${host}:${port}: ${cause.message}`;
      reject(new UserError("listen-failed", message, { cause, next: "Choose another --metrics HOST:PORT." }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}
