/** Reads what OpenTelemetry exporters send into records, each with what it is found by. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { ExportLogsServiceRequestSchema } from "../api/gen/opentelemetry/proto/collector/logs/v1/logs_service_pb.ts";
import { ExportTraceServiceRequestSchema } from "../api/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import {
  type InstrumentationScope,
  InstrumentationScopeSchema,
  type KeyValue,
} from "../api/gen/opentelemetry/proto/common/v1/common_pb.ts";
import { LogRecordSchema } from "../api/gen/opentelemetry/proto/logs/v1/logs_pb.ts";
import { type Resource, ResourceSchema } from "../api/gen/opentelemetry/proto/resource/v1/resource_pb.ts";
import { SpanSchema } from "../api/gen/opentelemetry/proto/trace/v1/trace_pb.ts";
import { parseId } from "../engine/id.ts";
import type { TaskId } from "../engine/job.ts";
import { severityOf } from "../engine/telemetry.ts";
import type { TelemetryBatch, TelemetrySource } from "../store/telemetry-port.ts";

/** Throws what protobuf-es throws for bytes that are no such message. */
export function readLogs(body: Uint8Array, receivedAtMs: number): TelemetryBatch[] {
  return fromBinary(ExportLogsServiceRequestSchema, body).resourceLogs.flatMap(({ resource, scopeLogs }) =>
    scopeLogs.map(({ scope, logRecords }) => ({
      source: sourceOf(resource, scope),
      records: logRecords.map((log) => ({
        atUs: microseconds(log.timeUnixNano) || microseconds(log.observedTimeUnixNano) || receivedAtMs * 1000,
        severity: severityOf(log.severityNumber),
        task: taskOf(log.attributes),
        traceId: hex(log.traceId),
        record: toBinary(LogRecordSchema, log),
      })),
    })),
  );
}

/** Throws what protobuf-es throws for bytes that are no such message. */
export function readSpans(body: Uint8Array, receivedAtMs: number): TelemetryBatch[] {
  return fromBinary(ExportTraceServiceRequestSchema, body).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.map(({ scope, spans }) => ({
      source: sourceOf(resource, scope),
      records: spans.map((span) => ({
        atUs: microseconds(span.startTimeUnixNano) || receivedAtMs * 1000,
        severity: undefined,
        task: taskOf(span.attributes),
        traceId: hex(span.traceId),
        record: toBinary(SpanSchema, span),
      })),
    })),
  );
}

function sourceOf(resource: Resource | undefined, scope: InstrumentationScope | undefined): TelemetrySource {
  return {
    resource: resource === undefined ? new Uint8Array() : toBinary(ResourceSchema, resource),
    scope: scope === undefined ? new Uint8Array() : toBinary(InstrumentationScopeSchema, scope),
  };
}

/** A double holds microseconds until the year 2255; later ones are a broken clock's. */
function microseconds(nanoseconds: bigint): number {
  const us = nanoseconds / 1000n;
  return us > BigInt(Number.MAX_SAFE_INTEGER) ? 0 : Number(us);
}

function taskOf(attributes: readonly KeyValue[]): TaskId | undefined {
  const value = attributes.find(({ key }) => key === "task_id")?.value?.value;
  return value?.case === "stringValue" ? parseId<"task">(value.value) : undefined;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
