/** The control plane's own figures for Prometheus: what docs/metrics.md is generated from. */

interface MetricRow {
  readonly type: "gauge" | "counter" | "histogram";
  /** All have few values: none is a name that a user gives. */
  readonly labels: readonly string[];
  readonly help: string;
}

/**
 * No row has a label for clusters, workflows or keys: users make as many of them as they like, and each would be a
 * time series for every bucket. What runs on a cluster is in the figures of its runners.
 */
export const metricTable = {
  build_info: {
    type: "gauge",
    labels: ["version", "node_version"],
    help: "1; its labels say what runs",
  },
  rpc_duration_seconds: {
    type: "histogram",
    labels: ["method", "code"],
    help: "Calls that ended, by gRPC code in every protocol; NextTask includes the time that it was held for a task",
  },
  rpcs_in_progress: { type: "gauge", labels: ["method"], help: "Calls that are not answered yet" },
  http_request_duration_seconds: {
    type: "histogram",
    labels: ["route", "status"],
    help: "Requests that are no calls (artifacts, telemetry, runners, health); status 499: the client went away",
  },
  http_requests_in_progress: {
    type: "gauge",
    labels: ["route"],
    help: "Requests that are no calls and are not answered yet",
  },
  connections: { type: "gauge", labels: [], help: "Open connections" },
  connections_limit: {
    type: "gauge",
    labels: [],
    help: "Connections beyond this many on one address are refused",
  },
  runners_seen: {
    type: "gauge",
    labels: [],
    help: "Runners that asked this process for tasks and are connected, or asked within the last minute",
  },
  runners_waiting: { type: "gauge", labels: [], help: "Runners whose request is held until there is a task" },
  tasks_claimed_total: { type: "counter", labels: [], help: "Tasks handed to runners" },
  task_reports_total: {
    type: "counter",
    labels: ["outcome"],
    help: "What runners reported of tasks: computed, failed or handed_back",
  },
  leases_expired_total: {
    type: "counter",
    labels: [],
    help: "Tasks taken back because their runner did not extend the lease",
  },
  store_up: { type: "gauge", labels: [], help: "1 when the store answered for this scrape, 0 when not" },
  open_jobs: {
    type: "gauge",
    labels: ["state"],
    help: "Jobs in the store by state: submitted, running or started; at most 5000 of each are counted",
  },
  open_tasks: { type: "gauge", labels: ["state"], help: "Queued and running tasks of the jobs counted" },
  oldest_waiting_job_timestamp_seconds: {
    type: "gauge",
    labels: [],
    help: "When the oldest of these jobs was submitted that has queued tasks and none running; absent without one",
  },
  store_commit_duration_seconds: {
    type: "histogram",
    labels: ["lane", "outcome"],
    help: "Transactions that write: committed or failed (also those that are repeated then)",
  },
  store_operations_total: {
    type: "counter",
    labels: ["lane"],
    help: "Writes in transactions that were committed; divided by their number it is how many share one",
  },
  database_connections: {
    type: "gauge",
    labels: ["pool", "state"],
    help: "Connections to PostgreSQL, idle or in use",
  },
  database_connections_limit: {
    type: "gauge",
    labels: ["pool"],
    help: "Connections to PostgreSQL that this process opens at most",
  },
  database_waiting: {
    type: "gauge",
    labels: ["pool"],
    help: "Who waits for a connection to PostgreSQL",
  },
  artifact_received_bytes_total: { type: "counter", labels: [], help: "Bytes of archives received and kept" },
  artifact_sent_bytes_total: { type: "counter", labels: [], help: "Bytes of archives sent whole" },
  tls_certificate_not_after_timestamp_seconds: {
    type: "gauge",
    labels: [],
    help: "When the TLS certificate in use ends; absent without TLS",
  },
} as const satisfies Readonly<Record<string, MetricRow>>;

export type MetricName = keyof typeof metricTable;

export const metricPrefix = "workflow_release_";
