import { create, fromBinary } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { InstrumentationScopeSchema } from "../../api/gen/opentelemetry/proto/common/v1/common_pb.ts";
import { LogRecordSchema, ResourceLogsSchema } from "../../api/gen/opentelemetry/proto/logs/v1/logs_pb.ts";
import { ResourceSchema } from "../../api/gen/opentelemetry/proto/resource/v1/resource_pb.ts";
import { ResourceSpansSchema, SpanSchema } from "../../api/gen/opentelemetry/proto/trace/v1/trace_pb.ts";
import { LogSeverityGroup, type TelemetryQueryService } from "../../api/gen/workflows/v1/telemetry_pb.ts";
import type { Severity } from "../../engine/telemetry.ts";
import type {
  TelemetryPage,
  TelemetryPlace,
  TelemetrySource,
  TelemetryStore,
} from "../../store/telemetry-port.ts";
import { readTimeInterval } from "./job-requests.ts";
import * as check from "./telemetry-requests.ts";

type Impl = ServiceImpl<typeof TelemetryQueryService>;

/** TelemetryQueryService of the public contract, whole. */
export function createTelemetryService(telemetry: TelemetryStore): Impl {
  return {
    async queryJobLogs(request) {
      return logsAnswer(await telemetry.queryRecords(check.checkQueryJobLogs(request)));
    },
    async queryLogsInInterval(request) {
      return logsAnswer(await telemetry.queryRecords(check.checkQueryLogsInInterval(request)));
    },
    async queryJobSpans(request) {
      const page = await telemetry.queryRecords(check.checkQueryJobSpans(request));
      const resourceSpans = page.records.map(({ source, record }) =>
        create(ResourceSpansSchema, {
          ...resourceOf(source),
          scopeSpans: [{ ...scopeOf(source), spans: [fromBinary(SpanSchema, record)] }],
        }),
      );
      return { resourceSpans, ...nextPage(page.next) };
    },
    async getLogMessageCounts(request) {
      const interval = readTimeInterval(request.timeInterval) ?? { fromMs: undefined, beforeMs: undefined };
      const counted = [...(await telemetry.countLogs(interval))];
      return {
        counts: counted.map(([severity, count]) => ({ severity: groupOf(severity), count: BigInt(count) })),
        totalMessages: BigInt(counted.reduce((sum, [, count]) => sum + count, 0)),
      };
    },
  };
}

/** The SDK reads the first record of the first scope of each entry and nothing else, so each has its own. */
function logsAnswer({ records, next }: TelemetryPage) {
  const resourceLogs = records.map(({ source, record }) =>
    create(ResourceLogsSchema, {
      ...resourceOf(source),
      scopeLogs: [{ ...scopeOf(source), logRecords: [fromBinary(LogRecordSchema, record)] }],
    }),
  );
  return { resourceLogs, ...nextPage(next) };
}

function resourceOf({ resource }: TelemetrySource) {
  return resource.length === 0 ? {} : { resource: fromBinary(ResourceSchema, resource) };
}

function scopeOf({ scope }: TelemetrySource) {
  return scope.length === 0 ? {} : { scope: fromBinary(InstrumentationScopeSchema, scope) };
}

function nextPage(next: TelemetryPlace | undefined) {
  return next === undefined ? {} : { nextPage: { startingAfter: { uuid: check.placeToBytes(next) } } };
}

function groupOf(severity: Severity | undefined): LogSeverityGroup {
  return severity === undefined ? LogSeverityGroup.UNSPECIFIED : check.severityGroups[severity];
}
