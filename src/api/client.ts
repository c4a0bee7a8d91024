/** The one client of a control plane, hosted or our own, over HTTP or within the process. */
import http from "node:http";
import https from "node:https";
import { setTimeout as waitFor } from "node:timers/promises";
import type { DescService } from "@bufbuild/protobuf";
import {
  type CallOptions,
  type Client,
  createClient,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import type { RunProvenance } from "../engine/provenance.ts";
import { errorTable, type ReleaseError, UserError } from "../errors.ts";
import type { ArtifactTransfer } from "./artifact-transfer.ts";
import { callRule } from "./call-rules.ts";
import { changeHeaders } from "./change-headers.ts";
import { createExplainCalls, type ExplainCalls } from "./explain-job.ts";
import { JobService } from "./gen/workflows/v1/job_pb.ts";
import { TaskService } from "./gen/workflows/v1/task_pb.ts";
import { TelemetryQueryService } from "./gen/workflows/v1/telemetry_pb.ts";
import { WorkflowsService } from "./gen/workflows/v1/workflows_pb.ts";
import { createGrpcUnaryTransport } from "./grpc-unary.ts";
import { createHttpHistory, type HistoryCalls } from "./history-calls.ts";
import { createHttpArtifacts } from "./http-artifacts.ts";
import { createHttpContracts } from "./http-contracts.ts";
import type { OpenRequest } from "./http-exchange.ts";
import { withQuietSessions } from "./http2-sessions.ts";
import { defaultRetryPolicy, type RetryDeps, type RetryPolicy, retry } from "./retry.ts";
import { createRunnerCalls, type RunnerCalls } from "./runner-calls.ts";
import { type ApiUrl, parseApiUrl } from "./url.ts";
import { fromWireError, wasNeverSent } from "./wire-error.ts";

/** Every method throws errors of the table and has been repeated where that is safe. */
export interface ApiClient extends ArtifactTransfer, HistoryCalls, Disposable {
  /** `host[:port]`, for messages. */
  readonly host: string;
  /** What every change says of its run, unless its call has changeHeaders of its own. */
  readonly run: RunProvenance;
  readonly workflows: Client<typeof WorkflowsService>;
  readonly tasks: Client<typeof TaskService>;
  readonly jobs: Client<typeof JobService>;
  readonly telemetry: Client<typeof TelemetryQueryService>;
}

/** Over a network, which is where release runners are. */
export interface HttpApiClient extends ApiClient, RunnerCalls, ExplainCalls {}

export interface ApiClientOptions {
  /** https://HOST, or http:// for loopback. */
  readonly url: string;
  /** Undefined for a control plane without keys. Sent to the URL's host alone; redirects are not followed. */
  readonly apiKey: string | undefined;
  /** What the run says of itself with each change. */
  readonly run?: RunProvenance;
  /** `connect` (HTTP/1.1, through proxies too) for a few calls, the default; `grpc` (one HTTP/2 connection) for a runner. */
  readonly protocol?: "connect" | "grpc";
  /** HTTPS_PROXY and NO_PROXY are read from it. */
  readonly env: NodeJS.ProcessEnv;
  readonly retryPolicy?: RetryPolicy | undefined;
  readonly retryDeps?: RetryDeps | undefined;
}

/** For every attempt of every call; artifacts have their own limit, by silence instead of by time. */
const callTimeoutMs = 30_000;
/** A list of many releases with their file trees is the largest answer there is. */
const maxAnswerBytes = 64 * 1024 * 1024;

const systemDeps: RetryDeps = {
  clock: Date.now,
  random: Math.random,
  wait: async (ms, signal) => waitFor(ms, undefined, signal === undefined ? {} : { signal }),
};

/** Throws api-url-invalid or unauthenticated for what cannot be sent; nothing is sent yet. */
export async function createApiClient(options: ApiClientOptions): Promise<HttpApiClient> {
  const url = parseApiUrl(options.url);
  const authorization = authorizationOf(options.apiKey);
  const agent = createAgent(url, options.env);
  const open: OpenRequest = (method, path, headers) =>
    (url.origin.startsWith("https:") ? https : http).request(url.origin + path, {
      method,
      agent,
      headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
    });
  const { transport, close } = await createTransport(
    options.protocol ?? "connect",
    url,
    authorization,
    agent,
  );
  const client = createClientOver({
    host: url.host,
    transport,
    artifacts: { ...createHttpArtifacts(open, url.host), ...createHttpContracts(open, url.host) },
    history: createHttpHistory(open, url.host),
    run: options.run,
    retryPolicy: options.retryPolicy,
    retryDeps: options.retryDeps,
    close: () => {
      close();
      agent.destroy();
    },
  });
  return { ...client, ...createRunnerCalls(open, url.host), ...createExplainCalls(open, url.host) };
}

export interface ClientParts {
  readonly host: string;
  readonly transport: Transport;
  readonly artifacts: ArtifactTransfer;
  readonly history: HistoryCalls;
  readonly run?: RunProvenance | undefined;
  readonly retryPolicy?: RetryPolicy | undefined;
  readonly retryDeps?: RetryDeps | undefined;
  readonly close?: () => void;
}

/** The same client over any transport, as the control plane's in-process mount needs it. */
export function createClientOver(parts: ClientParts): ApiClient {
  const policy = parts.retryPolicy ?? defaultRetryPolicy;
  const deps = parts.retryDeps ?? systemDeps;
  const { host, transport, artifacts, history, run = {} } = parts;
  const again = <T>(work: () => Promise<T>, signal: AbortSignal | undefined) =>
    retry(work, { policy, mayRepeat: (error) => mayRepeat(error, true), signal }, deps);
  return {
    host,
    run,
    workflows: withProvenance(clientOf(WorkflowsService, transport, host, policy, deps), run),
    tasks: clientOf(TaskService, transport, host, policy, deps),
    jobs: clientOf(JobService, transport, host, policy, deps),
    telemetry: clientOf(TelemetryQueryService, transport, host, policy, deps),
    hasArtifactEndpoint: (signal) => again(() => artifacts.hasArtifactEndpoint(signal), signal),
    findArtifact: (digest, signal) => again(() => artifacts.findArtifact(digest, signal), signal),
    uploadArtifact: (archive, signal) => again(() => artifacts.uploadArtifact(archive, signal), signal),
    downloadArtifact: (digest, maxSizeBytes, signal) =>
      again(() => artifacts.downloadArtifact(digest, maxSizeBytes, signal), signal),
    keepContract: (fingerprint, json, signal) =>
      again(() => artifacts.keepContract(fingerprint, json, signal), signal),
    findContract: (fingerprint, signal) => again(() => artifacts.findContract(fingerprint, signal), signal),
    readHistory: (query, signal) => again(() => history.readHistory(query, signal), signal),
    recordGate: (report, provenance, signal) =>
      again(() => history.recordGate(report, provenance, signal), signal),
    [Symbol.dispose]: () => parts.close?.(),
  };
}

/** Whatever ends up in the history says where it comes from. */
function withProvenance(
  workflows: Client<typeof WorkflowsService>,
  run: RunProvenance,
): Client<typeof WorkflowsService> {
  const headers = changeHeaders(run, { reason: "deploy" });
  const recorded = (options: CallOptions | undefined): CallOptions => ({ headers, ...options });
  return {
    ...workflows,
    publishWorkflowRelease: (request, options) =>
      workflows.publishWorkflowRelease(request, recorded(options)),
    unpublishWorkflowRelease: (request, options) =>
      workflows.unpublishWorkflowRelease(request, recorded(options)),
    deployWorkflowRelease: (request, options) => workflows.deployWorkflowRelease(request, recorded(options)),
    undeployWorkflowRelease: (request, options) =>
      workflows.undeployWorkflowRelease(request, recorded(options)),
    deleteWorkflow: (request, options) => workflows.deleteWorkflow(request, recorded(options)),
  };
}

/** A Connect client whose unary methods map errors and repeat what its rule allows. All methods used here are unary. */
function clientOf<S extends DescService>(
  service: S,
  transport: Transport,
  host: string,
  policy: RetryPolicy,
  deps: RetryDeps,
): Client<S> {
  const plain = createClient(service, transport) as Record<string, UnaryCall | undefined>;
  const mapped: Record<string, UnaryCall> = {};
  for (const { localName, name } of service.methods) {
    const { repeatable, missing } = callRule(service.typeName, localName);
    mapped[localName] = (request, options) => {
      const signal = options?.signal;
      const attempt = async () => {
        try {
          return await plain[localName]?.(request, options);
        } catch (thrown) {
          throw fromWireError(thrown, { name, host, missing, signal });
        }
      };
      return retry(attempt, { policy, signal, mayRepeat: (error) => mayRepeat(error, repeatable) }, deps);
    };
  }
  return mapped as Client<S>;
}

type UnaryCall = (request: unknown, options?: CallOptions) => Promise<unknown>;

/**
 * Only what another try can change. What was refused before it was carried out (a limit) and what never
 * reached a server may always be sent again; a lost answer only where the rule says so.
 */
function mayRepeat(error: ReleaseError, repeatable: boolean): boolean {
  const { kind, rpc } = errorTable[error.code];
  if (kind === "user" || error.code === "interrupted") return false;
  if (rpc === "resource_exhausted" || wasNeverSent(error)) return true;
  return repeatable && (rpc === "unavailable" || rpc === "deadline_exceeded" || error.code === "api-failed");
}

function authorizationOf(apiKey: string | undefined): string | undefined {
  const key = apiKey?.trim() ?? "";
  if (key === "") return undefined;
  // Checked here because the errors of header functions repeat the value that they refuse.
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new UserError(
      "unauthenticated",
      "The API key holds a space, a line break or a non-ASCII character",
    );
  }
  return `Bearer ${key}`;
}

function createAgent(url: ApiUrl, env: NodeJS.ProcessEnv): http.Agent {
  if (url.loopback) {
    return url.origin.startsWith("https:")
      ? new https.Agent({ keepAlive: true })
      : new http.Agent({ keepAlive: true });
  }
  return new https.Agent({ keepAlive: true, proxyEnv: env });
}

async function createTransport(
  protocol: "connect" | "grpc",
  url: ApiUrl,
  authorization: string | undefined,
  agent: http.Agent,
): Promise<{ transport: Transport; close: () => void }> {
  // Loaded here so that a run that talks to nobody does not pay for it.
  const { compressionGzip, createConnectTransport, createGrpcTransport, Http2SessionManager } = await import(
    "@connectrpc/connect-node"
  );
  const authorize: Interceptor = (next) => (request) => {
    if (authorization !== undefined) request.header.set("authorization", authorization);
    return next(request);
  };
  const common = {
    baseUrl: url.origin,
    interceptors: [authorize],
    defaultTimeoutMs: callTimeoutMs,
    readMaxBytes: maxAnswerBytes,
    // On loopback the bytes are free and the compression is not.
    acceptCompression: url.loopback ? [] : [compressionGzip],
    ...(url.loopback ? {} : { sendCompression: compressionGzip }),
  };
  if (protocol === "connect") {
    const transport = createConnectTransport({ ...common, httpVersion: "1.1", nodeOptions: { agent } });
    return { transport, close: () => {} };
  }
  const manager = new Http2SessionManager(url.origin);
  const sessions = withQuietSessions(manager);
  const transport = createGrpcUnaryTransport({
    sessions,
    headers: authorization === undefined ? {} : { authorization },
    defaultTimeoutMs: callTimeoutMs,
    maxAnswerBytes,
    streams: createGrpcTransport({ ...common, sessionManager: sessions }),
  });
  return { transport, close: () => manager.abort() };
}
