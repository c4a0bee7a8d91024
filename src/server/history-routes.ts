/** GET /history and POST /history/gates: the wire form is stated in src/api/history-calls.ts. */
import {
  type GateReport,
  gateMessageLimit,
  gatesPath,
  type HistoryCalls,
  historyPageLimits,
  historyPath,
  historySearch,
} from "../api/history-calls.ts";
import { parseId } from "../engine/id.ts";
import { gateKinds, provenanceHeader } from "../engine/provenance.ts";
import { parseSlug, type Slug } from "../engine/slug.ts";
import { type Problem, SystemError, UserError } from "../errors.ts";
import type { HistoryQuery } from "../store/port.ts";
import { readProvenance } from "./change-claims.ts";
import type { CheckedGate, HistoryRoom } from "./history.ts";
import { type HttpExchange, type HttpRoute, queryOf, sendJson } from "./http-routes.ts";
import { Fields, readJson } from "./json-body.ts";

export function historyRoutes(room: HistoryRoom): readonly HttpRoute[] {
  return [
    {
      method: "GET",
      path: new RegExp(`^${historyPath}$`),
      access: "runner",
      what: "read the history",
      handle: async ({ request, response }) =>
        sendJson(response, 200, await room.read(readQuery(queryOf(request)))),
    },
    {
      method: "POST",
      path: new RegExp(`^${gatesPath}$`),
      access: "admin",
      what: "record gates",
      handle: (exchange) => receiveGate(room, exchange),
    },
  ];
}

/** The same calls without a socket; `actor` may do everything. */
export function createLocalHistory(room: HistoryRoom, actor: string): HistoryCalls {
  return {
    readHistory: (query) => room.read(readQuery(historySearch(query))),
    recordGate: async (report, provenance) => {
      await room.recordGate(readGate(report), actor, provenance);
      return true;
    },
  };
}

/** A message of 2,000 characters, each six bytes when it is escaped, and some names. */
const maxGateBytes = 16 * 1024;

async function receiveGate(room: HistoryRoom, exchange: HttpExchange): Promise<void> {
  const { request, response, caller, acceptBody } = exchange;
  if (caller === undefined) throw new SystemError("internal", "A gate was recorded without a key");
  acceptBody();
  const header = request.headers[provenanceHeader];
  const provenance = readProvenance(typeof header === "string" ? header : undefined);
  const gate = readGate(await readJson(request, maxGateBytes));
  await room.recordGate(gate, caller.name, provenance);
  sendJson(response, 200, {});
}

const queryNames: ReadonlySet<string> = new Set(["workflow", "cluster", "release", "before", "limit"]);

/** A filter that is misspelled would answer with what was not asked for, so that it is refused. */
function readQuery(query: URLSearchParams): HistoryQuery {
  const problems: Problem[] = [];
  const read = <Value>(name: string, parse: (text: string) => Value | undefined): Value | undefined => {
    const text = query.get(name);
    const value = text === null ? undefined : parse(text);
    if (text !== null && value === undefined) problems.push({ file: name, message: "is malformed" });
    return value;
  };
  for (const name of query.keys()) {
    if (!queryNames.has(name)) problems.push({ file: name.slice(0, 60), message: "is no filter" });
  }
  const limit = read("limit", wholeNumber) ?? historyPageLimits.usual;
  const { largest } = historyPageLimits;
  if (limit < 1 || limit > largest) problems.push({ file: "limit", message: `is not 1 to ${largest}` });
  const checked = {
    workflow: read("workflow", parseSlug),
    cluster: read("cluster", parseSlug),
    release: read("release", parseId<"release">),
    before: read("before", wholeNumber),
    limit,
  };
  if (problems.length > 0)
    throw new UserError("request-invalid", "The history has no such page", { problems });
  return checked;
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

const gateFields: ReadonlySet<string> = new Set<keyof GateReport>([
  "workflow",
  "cluster",
  "release",
  "gate",
  "outcome",
  "reason",
  "message",
  "tookMs",
]);

/** Throws request-invalid with everything that is wrong. */
function readGate(value: unknown): CheckedGate {
  const problems: Problem[] = [];
  const fields = new Fields(value, problems);
  const wrong = (file: string, message: string) => void problems.push({ file, message });
  for (const name of Object.keys(Object(value))) {
    if (!gateFields.has(name)) wrong(name.slice(0, 60), "is no field of a gate's result");
  }
  const kind = gateKinds.find((known) => known === fields.get("gate"));
  if (kind === undefined) wrong("gate", `is none of ${gateKinds.join(", ")}`);
  const outcome = (["passed", "failed"] as const).find((known) => known === fields.get("outcome"));
  if (outcome === undefined) wrong("outcome", "is neither passed nor failed");
  const release = parseId<"release">(String(fields.get("release")));
  if (release === undefined) wrong("release", "is no UUID");
  const message = fields.get("message");
  if (typeof message !== "string" || message.length > gateMessageLimit) {
    wrong("message", `is no text of at most ${gateMessageLimit} characters`);
  }
  const slug = (name: string): Slug | undefined => {
    const parsed = parseSlug(String(fields.get(name)));
    if (parsed === undefined) wrong(name, "is no slug");
    return parsed;
  };
  const [workflow, cluster] = [slug("workflow"), slug("cluster")];
  const reason = fields.get("reason") === undefined ? undefined : fields.matching("reason", /^[a-z-]{1,50}$/);
  const tookMs = fields.count("tookMs");
  if (problems.length > 0 || !workflow || !cluster || !release || !kind || !outcome) {
    throw new UserError("request-invalid", "The gate's result cannot be read", { problems });
  }
  const told = { kind, outcome, message: String(message), tookMs };
  return { workflow, cluster, release, gate: reason === undefined ? told : { ...told, reason } };
}
