/** Logs and spans of tasks: what is kept of them, and for how long. */

export type TelemetryKind = "log" | "span";

/** The groups of the wire's filter; OpenTelemetry has 24 numbers, 0 says nothing. */
export type Severity = "trace" | "debug" | "info" | "warning" | "error";

/** [OpenTelemetry logs data model] FATAL (21 to 24) has no group of its own. Undefined when nothing is said. */
export function severityOf(severityNumber: number): Severity | undefined {
  if (severityNumber >= 17) return "error";
  if (severityNumber >= 13) return "warning";
  if (severityNumber >= 9) return "info";
  if (severityNumber >= 5) return "debug";
  return severityNumber >= 1 ? "trace" : undefined;
}

/**
 * Telemetry explains jobs, it is not what they are for: it must never fill the disk. Of a job and of
 * everything the newest records stay, because what happened last says why a job failed.
 */
export interface TelemetryLimits {
  readonly maxAgeMs: number;
  readonly maxTotalBytes: number;
  /** Of logs and of spans each, so that a flood of logs does not wash away why a task failed. */
  readonly maxJobBytes: number;
  /** A larger record is dropped: it would be shown nowhere. Workers drop above 1 MiB themselves. */
  readonly maxRecordBytes: number;
}

export const telemetryLimits: TelemetryLimits = {
  maxAgeMs: 30 * 86_400_000,
  maxTotalBytes: 512 * 1024 * 1024,
  maxJobBytes: 16 * 1024 * 1024,
  maxRecordBytes: 1024 * 1024,
};
