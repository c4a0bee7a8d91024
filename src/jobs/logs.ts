import type { ApiClient } from "../api/client.ts";
import type { AnyValue, KeyValue } from "../api/gen/opentelemetry/proto/common/v1/common_pb.ts";
import type { LogRecord } from "../api/gen/opentelemetry/proto/logs/v1/logs_pb.ts";
import type { ID } from "../api/gen/tilebox/v1/id_pb.ts";
import { SortDirection } from "../api/gen/tilebox/v1/query_pb.ts";

export interface LogLine {
  readonly at: string;
  /** As the SDK writes it: INFO, WARNING, ERROR. */
  readonly severity: string;
  readonly task: string;
  readonly message: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface LogQuery {
  readonly jobId: ID;
  readonly taskId: ID | undefined;
  /** At most so many lines: the last ones. */
  readonly limit: number;
}

const pageSize = 1_000;

/** Oldest first. */
export async function readLogs(
  api: Pick<ApiClient, "telemetry">,
  { jobId, taskId, limit }: LogQuery,
  signal: AbortSignal,
): Promise<readonly LogLine[]> {
  const lines: LogLine[] = [];
  let startingAfter: ID | undefined;
  while (lines.length < limit) {
    const size = BigInt(Math.min(limit - lines.length, pageSize));
    const answer = await api.telemetry.queryJobLogs(
      {
        jobId,
        ...(taskId === undefined ? {} : { taskId }),
        sortDirection: SortDirection.DESCENDING,
        page: { limit: size, ...(startingAfter === undefined ? {} : { startingAfter }) },
      },
      { signal },
    );
    for (const { scopeLogs } of answer.resourceLogs) {
      lines.push(...scopeLogs.flatMap(({ logRecords }) => logRecords).map(lineOf));
    }
    startingAfter = answer.nextPage?.startingAfter;
    if (startingAfter === undefined) break;
  }
  return lines.slice(0, limit).reverse();
}

function lineOf({ timeUnixNano, severityText, body, attributes }: LogRecord): LogLine {
  // The SDK repeats the record's own fields among its attributes.
  const { task_id: task, trace_id: _trace, span_id: _span, ...rest } = recordOf(attributes);
  return {
    at: new Date(Number(timeUnixNano / 1_000_000n)).toISOString(),
    severity: severityText,
    task: typeof task === "string" ? task : "",
    message: String(plain(body) ?? ""),
    attributes: rest,
  };
}

function recordOf(attributes: readonly KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)]));
}

function plain(value: AnyValue | undefined): unknown {
  const held = value?.value ?? { case: undefined };
  switch (held.case) {
    case undefined:
      return undefined;
    case "arrayValue":
      return held.value.values.map(plain);
    case "kvlistValue":
      return recordOf(held.value.values);
    case "bytesValue":
      return Buffer.from(held.value).toString("base64");
    case "intValue":
      return Number(held.value);
    case "stringValue":
    case "boolValue":
    case "doubleValue":
    case "stringValueStrindex":
      return held.value;
  }
}
