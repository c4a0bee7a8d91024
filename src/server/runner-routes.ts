/** POST and GET /runners, GET /deployment-revision: the wire form is stated in src/api/runner-calls.ts. */
import {
  deploymentRevisionPath,
  longestWaitMs,
  type RunnerRelease,
  type RunnerReleaseState,
  type RunnerReport,
  runnersPath,
} from "../api/runner-calls.ts";
import { parseId } from "../engine/id.ts";
import type { ClusterRef } from "../engine/release.ts";
import { parseSlug } from "../engine/slug.ts";
import { type Problem, SystemError, UserError } from "../errors.ts";
import type { ClusterStore } from "../store/port.ts";
import { type HttpExchange, type HttpRoute, queryOf, sendJson } from "./http-routes.ts";
import { Fields, readJson } from "./json-body.ts";
import type { RunnerRegistry } from "./runners.ts";

export interface RunnerRoutesDeps {
  readonly registry: RunnerRegistry;
  readonly clusters: Pick<ClusterStore, "getCluster" | "onDeploymentChange">;
  /** Fires when the control plane stops: whoever waits is answered then. */
  readonly closing: AbortSignal;
}

export function runnerRoutes(deps: RunnerRoutesDeps): readonly HttpRoute[] {
  return [
    {
      method: "POST",
      path: new RegExp(`^${runnersPath}$`),
      access: "runner",
      what: "report a runner",
      handle: (exchange) => receiveReport(deps, exchange),
    },
    {
      method: "GET",
      path: new RegExp(`^${runnersPath}$`),
      access: "runner",
      what: "list runners",
      handle: async ({ request, response }) => {
        const cluster = queryOf(request).get("cluster") ?? undefined;
        sendJson(response, 200, { runners: await deps.registry.list(cluster) });
      },
    },
    {
      method: "GET",
      path: new RegExp(`^${deploymentRevisionPath}$`),
      access: "runner",
      what: "wait for deployments",
      handle: (exchange) => awaitRevision(deps, exchange),
    },
  ];
}

async function receiveReport(
  { registry, clusters }: RunnerRoutesDeps,
  exchange: HttpExchange,
): Promise<void> {
  const { request, response, caller, acceptBody } = exchange;
  if (caller === undefined) throw new SystemError("internal", "A runner reported without a gate");
  acceptBody();
  const report = readReport(await readJson(request, maxReportBytes));
  // The default cluster has a slug too, by which its runners are found.
  const { slug } = await clusters.getCluster(readCluster(report.cluster));
  await registry.report({ ...report, cluster: slug }, caller);
  sendJson(response, 200, {});
}

/** Answers at once when the revision is another one than the caller has seen, else when it changes. */
async function awaitRevision(deps: RunnerRoutesDeps, { request, response }: HttpExchange): Promise<void> {
  const query = queryOf(request);
  const cluster = readCluster(query.get("cluster") ?? "");
  const seen = readSeen(query.get("after"));
  const { slug } = await deps.clusters.getCluster(cluster);
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  // Listening begins before the revision is read, so that no change falls in between.
  const stopListening = deps.clusters.onDeploymentChange((change) => {
    if (change.cluster === slug) end();
  });
  const timer = setTimeout(end, longestWaitMs);
  const endWait = () => end();
  deps.closing.addEventListener("abort", endWait, { once: true });
  response.once("close", end);
  try {
    let { revision } = await deps.clusters.getCluster(cluster);
    if (revision === seen && !deps.closing.aborted) {
      await over;
      if (!deps.closing.aborted) revision = (await deps.clusters.getCluster(cluster)).revision;
    }
    sendJson(response, 200, { revision });
  } finally {
    clearTimeout(timer);
    stopListening();
    deps.closing.removeEventListener("abort", endWait);
  }
}

function readCluster(slug: string): ClusterRef {
  if (slug === "") return { kind: "default" };
  const parsed = parseSlug(slug);
  if (parsed === undefined) throw new UserError("request-invalid", "cluster is no slug");
  return { kind: "slug", slug: parsed };
}

function readSeen(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new UserError("request-invalid", "after is no revision");
  return Number(text);
}

/** A report of some hundred releases with their reasons; what is kept of it is smaller. */
const maxReportBytes = 256 * 1024;
/** One for each workflow that is deployed to the cluster. */
const maxReleases = 300;
/** Of all reasons of a report: a few of the usual length, or the beginnings of many. */
const keptReasonCharacters = 16_000;

const releaseStates: readonly RunnerReleaseState[] = ["loading", "ready", "draining", "broken"];
const maxReasonCharacters = 2_000;
const shortReasonCharacters = keptReasonCharacters / maxReleases;

/** Reads field by field and throws request-invalid with everything that is wrong. */
function readReport(value: unknown): RunnerReport {
  const problems: Problem[] = [];
  const fields = new Fields(value, problems);
  const releases = fields.list("releases");
  if (releases.length > maxReleases) {
    throw new UserError("request-invalid", `A report names at most ${maxReleases} releases`);
  }
  const report: RunnerReport = {
    id: fields.matching("id", /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    cluster: fields.matching("cluster", /^[A-Za-z0-9-]{0,100}$/),
    version: fields.matching("version", /^.{1,100}$/),
    concurrency: fields.count("concurrency"),
    tasks: fields.count("tasks"),
    releases: releases.map((release, index) => readRelease(release, index, problems)),
    workerKeySha256: fields.matching("workerKeySha256", /^[0-9a-f]{64}$/),
    stopped: fields.get("stopped") === true,
  };
  if (problems.length > 0) throw new UserError("request-invalid", "The report cannot be read", { problems });
  return { ...report, releases: withShortReasons(report.releases) };
}

function withShortReasons(releases: readonly RunnerRelease[]): readonly RunnerRelease[] {
  const characters = releases.reduce((sum, { reason }) => sum + reason.length, 0);
  if (characters <= keptReasonCharacters) return releases;
  return releases.map((release) => ({ ...release, reason: release.reason.slice(0, shortReasonCharacters) }));
}

function readRelease(value: unknown, index: number, problems: Problem[]): RunnerRelease {
  const fields = new Fields(value, problems, `releases[${index}].`);
  const id = parseId<"release">(fields.matching("id", /./));
  if (id === undefined) problems.push({ file: `releases[${index}].id`, message: "is no UUID" });
  const state = releaseStates.find((known) => known === fields.get("state"));
  if (state === undefined) problems.push({ file: `releases[${index}].state`, message: "is no state" });
  const reason = fields.get("reason");
  return {
    id: id ?? ("" as RunnerRelease["id"]),
    workflow: fields.matching("workflow", /^[A-Za-z0-9-]{1,100}$/),
    state: state ?? "broken",
    reason: typeof reason === "string" ? reason.slice(0, maxReasonCharacters) : "",
  };
}
