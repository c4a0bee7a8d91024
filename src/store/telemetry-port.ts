/** Logs and spans, as they were received and as they are asked for. */
import type { JobId, TaskId } from "../engine/job.ts";
import type { Severity, TelemetryKind } from "../engine/telemetry.ts";
import type { TimeInterval } from "./job-port.ts";

export interface TelemetryStore {
  /**
   * Keeps the records as far as the limits allow, and removes older ones for them. Logs of no job are kept,
   * spans of no job are not: nothing could ask for them.
   */
  addRecords(kind: TelemetryKind, batches: readonly TelemetryBatch[]): Promise<void>;
  /** Throws job-not-found, task-not-found. */
  queryRecords(query: TelemetryQuery): Promise<TelemetryPage>;
  countLogs(interval: TimeInterval): Promise<ReadonlyMap<Severity | undefined, number>>;
}

/** Records that one process sent through one instrumentation scope. */
export interface TelemetryBatch {
  readonly source: TelemetrySource;
  readonly records: readonly NewRecord[];
}

/** Encoded messages of OpenTelemetry. */
export interface TelemetrySource {
  readonly resource: Uint8Array;
  readonly scope: Uint8Array;
}

export interface NewRecord {
  /** When it was logged, or when the span began. Microseconds since 1970. */
  readonly atUs: number;
  readonly severity: Severity | undefined;
  /** Of its attribute task_id. */
  readonly task: TaskId | undefined;
  /** 32 hex characters; the job that was submitted under this trace is its job when it names no task. */
  readonly traceId: string;
  /** The encoded LogRecord or Span. */
  readonly record: Uint8Array;
}

export interface TelemetryQuery {
  readonly kind: TelemetryKind;
  readonly of:
    | { readonly job: JobId; readonly task: TaskId | undefined }
    /** By the time of the records. */
    | { readonly interval: TimeInterval };
  /** Empty for all. */
  readonly severities: readonly Severity[];
  readonly direction: "ascending" | "descending";
  readonly limit: number;
  readonly startingAfter: TelemetryPlace | undefined;
}

/** Where a record stands in every list: by time, then in the order of arrival. */
export interface TelemetryPlace {
  readonly atUs: number;
  readonly sequence: number;
}

export interface TelemetryPage {
  readonly records: readonly { readonly source: TelemetrySource; readonly record: Uint8Array }[];
  /** Where the next page begins; undefined on the last one. */
  readonly next: TelemetryPlace | undefined;
}
