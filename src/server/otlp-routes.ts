/** POST /v1/logs and /v1/traces: OTLP over HTTP with protobuf bodies, as the SDK's exporters send them. */
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { Clock } from "../engine/id.ts";
import type { TelemetryKind } from "../engine/telemetry.ts";
import { UserError } from "../errors.ts";
import type { TelemetryBatch, TelemetryStore } from "../store/telemetry-port.ts";
import type { HttpRequest } from "./http-exchange.ts";
import type { HttpExchange, HttpRoute } from "./http-routes.ts";
import { readLogs, readSpans } from "./otlp-requests.ts";

interface OtlpDeps {
  readonly telemetry: Pick<TelemetryStore, "addRecords">;
  readonly clock: Clock;
}

/** Exporters send batches of 512 records; the SDK's tracebacks are a few KiB each. */
const maxBodyBytes = 16 * 1024 * 1024;
const contentType = "application/x-protobuf";

interface Signal {
  readonly kind: TelemetryKind;
  readonly path: RegExp;
  readonly what: string;
  read(body: Uint8Array, receivedAtMs: number): TelemetryBatch[];
}

const signals: readonly Signal[] = [
  { kind: "log", path: /^\/v1\/logs$/, what: "send logs", read: readLogs },
  { kind: "span", path: /^\/v1\/traces$/, what: "send spans", read: readSpans },
];

export function otlpRoutes(deps: OtlpDeps): readonly HttpRoute[] {
  return signals.map((signal) => ({
    method: "POST",
    path: signal.path,
    access: "runner",
    what: signal.what,
    handle: (exchange) => receive(signal, deps, exchange),
  }));
}

async function receive(
  signal: Signal,
  { telemetry, clock }: OtlpDeps,
  exchange: HttpExchange,
): Promise<void> {
  const { request, response, acceptBody } = exchange;
  requireProtobuf(request);
  acceptBody();
  const batches = readBatches(signal, await readBody(request), clock());
  await telemetry.addRecords(signal.kind, batches);
  // An empty body is an empty answer of the protocol: everything was taken. What the limits cut is our affair.
  response.writeHead(200, { "content-type": contentType, "content-length": 0 });
  response.end();
}

function requireProtobuf(request: HttpRequest): void {
  const [type = ""] = (request.headers["content-type"] ?? "").split(";", 1);
  if (type.trim().toLowerCase() === contentType) return;
  throw new UserError(
    "request-invalid",
    `Telemetry is sent as ${contentType}, not as ${JSON.stringify(type)}`,
  );
}

function readBatches(signal: Signal, body: Uint8Array, receivedAtMs: number): TelemetryBatch[] {
  try {
    return signal.read(body, receivedAtMs);
  } catch (cause) {
    throw new UserError("request-invalid", "The body is no OTLP request", { cause });
  }
}

async function readBody(request: HttpRequest): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  // Leaving the loop early must not destroy the request: its connection still has to carry the answer.
  const body: AsyncIterable<Uint8Array> = request.iterator({ destroyOnReturn: false });
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBodyBytes) throw tooLarge();
    chunks.push(chunk);
  }
  const sent = Buffer.concat(chunks);
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding === "identity") return sent;
  if (encoding !== "gzip") throw new UserError("request-invalid", `The encoding ${encoding} is not known`);
  try {
    return await promisify(gunzip)(sent, { maxOutputLength: maxBodyBytes });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge();
    throw new UserError("request-invalid", "The body is not gzip", { cause });
  }
}

/** Not a status that exporters repeat: the same body would be too large again. */
function tooLarge(): UserError {
  return new UserError("request-invalid", `Telemetry of more than ${maxBodyBytes} bytes in one request`);
}
