/** The one client of a control plane, hosted or our own, over HTTP or within the process. */
import { setTimeout as waitFor } from "node:timers/promises";
import type { DescMethodUnary, DescService } from "@bufbuild/protobuf";
import type { CallOptions, Client, Interceptor } from "@connectrpc/connect";
import type { RunProvenance } from "../engine/provenance.ts";
import { errorTable } from "../error-table.ts";
import { type ReleaseError, UserError } from "../errors.ts";
import type { ArtifactTransfer } from "./artifact-transfer.ts";
import { type CallRule, callRules } from "./call-rules.ts";
import { changeHeaders } from "./change-headers.ts";
import { createConnectUnaryTransport, type UnaryTransport } from "./connect-unary.ts";
import { createExplainCalls, type ExplainCalls } from "./explain-job.ts";
import type { RunnerService } from "./gen/workflowrelease/v1/runner_pb.ts";
import type { JobService } from "./gen/workflows/v1/job_pb.ts";
import type { TaskService } from "./gen/workflows/v1/task_pb.ts";
import type { TelemetryQueryService } from "./gen/workflows/v1/telemetry_pb.ts";
import type { WorkflowsService } from "./gen/workflows/v1/workflows_pb.ts";
import type { HistoryCalls } from "./history-calls.ts";
import { type OpenRequest, withErrors } from "./http-exchange.ts";
import { wasNeverBegun } from "./node-error.ts";
import { defaultRetryPolicy, type RetryDeps, type RetryPolicy, retry } from "./retry.ts";
import { createRunnerCalls, type RunnerCalls } from "./runner-calls.ts";
import { type ApiUrl, parseApiUrl } from "./url.ts";

/** Every method throws errors of the table and has been repeated where that is safe. */
export interface ApiClient extends ArtifactTransfer, HistoryCalls, Disposable {
  /** `host[:port]`, for messages. */
  readonly host: string;
  /** What every change says of its run, unless its call has changeHeaders of its own. */
  readonly run: RunProvenance;
  readonly workflows: Client<typeof WorkflowsService>;
  readonly tasks: Client<typeof TaskService>;
  /** Our own control plane's; api-unsupported elsewhere. */
  readonly runner: Client<typeof RunnerService>;
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
  // The one that is used: the other takes milliseconds to load, too.
  const { Agent, request } = url.origin.startsWith("https:")
    ? process.getBuiltinModule("node:https")
    : process.getBuiltinModule("node:http");
  const agent = new Agent({ keepAlive: true, ...(url.loopback ? {} : { proxyEnv: options.env }) });
  const open: OpenRequest = (method, path, headers) =>
    request(url.origin + path, {
      method,
      agent,
      headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
    });
  const { transport, close } =
    options.protocol === "grpc"
      ? await createGrpcTransports(url, authorization)
      : { transport: createConnectTransport(url, open), close: () => {} };
  const client = createClientOver({
    host: url.host,
    transport,
    ...createHttpCalls(open, url.host),
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
  readonly transport: UnaryTransport;
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
  let hasEndpoint: boolean | undefined;
  const call: CallUnary = (method, { missing, repeatable }, request, { signal, timeoutMs, headers } = {}) =>
    retry(
      () =>
        withErrors({ name: method.name, host, missing, signal }, async () => {
          const { message } = await transport.unary(method, signal, timeoutMs, headers, request);
          return message;
        }),
      { policy, signal, mayRepeat: (error) => mayRepeat(error, repeatable) },
      deps,
    );
  return {
    host,
    run,
    workflows: withProvenance(clientOf(loadWorkflows, callRules.workflows, call), run),
    tasks: clientOf(loadTasks, callRules.tasks, call),
    runner: clientOf(loadRunner, callRules.runner, call),
    jobs: clientOf(loadJobs, callRules.jobs, call),
    telemetry: clientOf(loadTelemetry, callRules.telemetry, call),
    // It does not change while somebody asks.
    hasArtifactEndpoint: async (signal) => {
      hasEndpoint ??= await again(() => artifacts.hasArtifactEndpoint(signal), signal);
      return hasEndpoint;
    },
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

// The messages of a service take milliseconds to load, so each is loaded with its first call.
const loadWorkflows = async () => (await import("./gen/workflows/v1/workflows_pb.ts")).WorkflowsService;
const loadTasks = async () => (await import("./gen/workflows/v1/task_pb.ts")).TaskService;
const loadRunner = async () => (await import("./gen/workflowrelease/v1/runner_pb.ts")).RunnerService;
const loadJobs = async () => (await import("./gen/workflows/v1/job_pb.ts")).JobService;
const loadTelemetry = async () => (await import("./gen/workflows/v1/telemetry_pb.ts")).TelemetryQueryService;

/** A Connect client whose methods map errors and repeat what their rules allow. All methods used here are unary. */
function clientOf<S extends DescService>(
  load: () => Promise<S>,
  rules: Readonly<Record<string, CallRule>>,
  call: CallUnary,
): Client<S> {
  let service: S | undefined;
  const methods = Object.entries(rules).map(([name, rule]) => {
    const method = async (request: Record<string, unknown>, options?: CallOptions) => {
      service ??= await load();
      return await call(service.method[name] as DescMethodUnary, rule, request, options);
    };
    return [name, method];
  });
  return Object.fromEntries(methods) as Client<S>;
}

type CallUnary = (
  method: DescMethodUnary,
  rule: CallRule,
  request: Record<string, unknown>,
  options: CallOptions | undefined,
) => Promise<unknown>;

/**
 * Only what another try can change. What was refused before it was carried out (a limit) and what no server
 * began may always be sent again; a lost answer only where the rule says so.
 */
function mayRepeat(error: ReleaseError, repeatable: boolean): boolean {
  const { kind, rpc } = errorTable[error.code];
  if (kind === "user" || error.code === "interrupted") return false;
  if (rpc === "resource_exhausted" || wasNeverBegun(error.cause)) return true;
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

function createConnectTransport(url: ApiUrl, open: OpenRequest): UnaryTransport {
  // On loopback the bytes are free and the compression is not.
  const compress = !url.loopback;
  return createConnectUnaryTransport({ open, compress, defaultTimeoutMs: callTimeoutMs, maxAnswerBytes });
}

/** Loaded here so that only a runner pays for it. */
async function createGrpcTransports(
  url: ApiUrl,
  authorization: string | undefined,
): Promise<{ transport: UnaryTransport; close: () => void }> {
  const { compressionGzip, createGrpcTransport, Http2SessionManager } = await import(
    "@connectrpc/connect-node"
  );
  const { createGrpcUnaryTransport } = await import("./grpc-unary.ts");
  const { withQuietSessions } = await import("./http2-sessions.ts");
  const authorize: Interceptor = (next) => (request) => {
    if (authorization !== undefined) request.header.set("authorization", authorization);
    return next(request);
  };
  const manager = new Http2SessionManager(url.origin);
  const sessions = withQuietSessions(manager);
  const transport = createGrpcUnaryTransport({
    sessions,
    headers: authorization === undefined ? {} : { authorization },
    defaultTimeoutMs: callTimeoutMs,
    maxAnswerBytes,
    streams: createGrpcTransport({
      baseUrl: url.origin,
      interceptors: [authorize],
      defaultTimeoutMs: callTimeoutMs,
      readMaxBytes: maxAnswerBytes,
      acceptCompression: url.loopback ? [] : [compressionGzip],
      ...(url.loopback ? {} : { sendCompression: compressionGzip }),
      sessionManager: sessions,
    }),
  });
  return { transport, close: () => manager.abort() };
}

/** What goes beside the RPCs, loaded with its first call: a run that finds its release transfers nothing. */
function createHttpCalls(open: OpenRequest, host: string): Pick<ClientParts, "artifacts" | "history"> {
  const artifacts = async () => (await import("./http-artifacts.ts")).createHttpArtifacts(open, host);
  const contracts = async () => (await import("./http-contracts.ts")).createHttpContracts(open, host);
  const history = async () => (await import("./history-calls.ts")).createHttpHistory(open, host);
  return {
    artifacts: {
      hasArtifactEndpoint: async (...call) => (await artifacts()).hasArtifactEndpoint(...call),
      findArtifact: async (...call) => (await artifacts()).findArtifact(...call),
      uploadArtifact: async (...call) => (await artifacts()).uploadArtifact(...call),
      downloadArtifact: async (...call) => (await artifacts()).downloadArtifact(...call),
      keepContract: async (...call) => (await contracts()).keepContract(...call),
      findContract: async (...call) => (await contracts()).findContract(...call),
    },
    history: {
      readHistory: async (...call) => (await history()).readHistory(...call),
      recordGate: async (...call) => (await history()).recordGate(...call),
    },
  };
}
