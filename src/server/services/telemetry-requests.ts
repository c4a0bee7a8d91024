/** How TelemetryQueryService's requests become values that cannot be wrong. */
import type { Pagination } from "../../api/gen/tilebox/v1/query_pb.ts";
import { SortDirection } from "../../api/gen/tilebox/v1/query_pb.ts";
import type * as wire from "../../api/gen/workflows/v1/telemetry_pb.ts";
import { LogSeverityGroup } from "../../api/gen/workflows/v1/telemetry_pb.ts";
import type { Severity } from "../../engine/telemetry.ts";
import type { TelemetryPlace, TelemetryQuery } from "../../store/telemetry-port.ts";
import { readTimeInterval } from "./job-requests.ts";
import { checkRequest, type RequestFields } from "./request-fields.ts";

const defaultPage = 200;
const severityFilters = { min: 0, max: 10 };

export const severityGroups: Readonly<Record<Severity, LogSeverityGroup>> = {
  trace: LogSeverityGroup.TRACE,
  debug: LogSeverityGroup.DEBUG,
  info: LogSeverityGroup.INFO,
  warning: LogSeverityGroup.WARNING,
  error: LogSeverityGroup.ERROR,
};
const severitiesByGroup = new Map(
  Object.entries(severityGroups).map(([severity, group]) => [group, severity as Severity]),
);

export function checkQueryJobLogs(request: wire.QueryJobLogsRequest): TelemetryQuery {
  return checkRequest("QueryJobLogs", (fields) => ({
    kind: "log",
    of: jobOf(fields, request),
    severities: severitiesOf(fields, request.filters),
    ...pageOf(fields, request),
  }));
}

export function checkQueryLogsInInterval(request: wire.QueryLogsInIntervalRequest): TelemetryQuery {
  return checkRequest("QueryLogsInInterval", (fields) => ({
    kind: "log",
    of: { interval: readTimeInterval(request.timeInterval) ?? { fromMs: undefined, beforeMs: undefined } },
    severities: severitiesOf(fields, request.filters),
    ...pageOf(fields, request),
  }));
}

export function checkQueryJobSpans(request: wire.QueryJobSpansRequest): TelemetryQuery {
  return checkRequest("QueryJobSpans", (fields) => ({
    kind: "span",
    of: jobOf(fields, request),
    severities: [],
    ...pageOf(fields, request),
  }));
}

function jobOf(
  fields: RequestFields,
  { jobId, taskId }: Pick<wire.QueryJobSpansRequest, "jobId" | "taskId">,
) {
  return {
    job: fields.id<"job">("job_id", jobId),
    task: taskId === undefined ? undefined : fields.id<"task">("task_id", taskId),
  };
}

function severitiesOf(fields: RequestFields, filters: wire.LogQueryFilters | undefined): readonly Severity[] {
  const name = "filters.severity_levels";
  return fields.list(name, filters?.severityLevels ?? [], severityFilters, (field, group): Severity => {
    const severity = severitiesByGroup.get(group);
    if (severity === undefined) fields.problem(field, `is no severity: ${group}`);
    return severity ?? "error";
  });
}

/** Oldest first unless the newest are asked for: a log is read from its beginning. [guess] */
function pageOf(
  fields: RequestFields,
  request: { readonly page?: Pagination | undefined; readonly sortDirection: SortDirection },
): Pick<TelemetryQuery, "direction" | "limit" | "startingAfter"> {
  const { limit } = fields.page(request.page && { ...request.page, startingAfter: undefined });
  return {
    direction: request.sortDirection === SortDirection.DESCENDING ? "descending" : "ascending",
    limit: limit ?? defaultPage,
    startingAfter: readPlace(fields, request.page),
  };
}

/** A page begins after an ID on the wire, and records have none: their place in the list stands in its bytes. */
export function placeToBytes({ atUs, sequence }: TelemetryPlace): Uint8Array<ArrayBuffer> {
  const bytes = new DataView(new ArrayBuffer(16));
  bytes.setBigUint64(0, BigInt(atUs));
  bytes.setBigUint64(8, BigInt(sequence));
  return new Uint8Array(bytes.buffer);
}

function readPlace(fields: RequestFields, page: Pagination | undefined): TelemetryPlace | undefined {
  const uuid = page?.startingAfter?.uuid;
  if (uuid === undefined) return undefined;
  const name = "page.starting_after";
  if (uuid.length !== 16) {
    fields.problem(name, "is no page of this list");
    return undefined;
  }
  const bytes = new DataView(uuid.buffer, uuid.byteOffset, 16);
  const [atUs, sequence] = [Number(bytes.getBigUint64(0)), Number(bytes.getBigUint64(8))];
  if (Number.isSafeInteger(atUs) && Number.isSafeInteger(sequence)) return { atUs, sequence };
  fields.problem(name, "is no page of this list");
  return undefined;
}
