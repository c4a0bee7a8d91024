/**
 * The history of our control plane, which the public contract has no call for: GET /history reads it, newest
 * first, POST /history/gates adds what a gate said. A control plane without these paths keeps none.
 */
import { Readable } from "node:stream";
import { encodeProvenance, type GateKind, type Provenance, provenanceHeader } from "../engine/provenance.ts";
import { SystemError } from "../errors.ts";
import {
  exchange,
  isNoSuchPath,
  type OpenRequest,
  readAtMost,
  requireSuccess,
  withErrors,
} from "./http-exchange.ts";

export const historyPath = "/history";
export const gatesPath = "/history/gates";
export const historyPageLimits = { usual: 100, largest: 1_000 } as const;

/** What of a gate's result is kept. */
export interface GateReport {
  /** Slugs. */
  readonly workflow: string;
  readonly cluster: string;
  readonly release: string;
  readonly gate: GateKind;
  readonly outcome: "passed" | "failed";
  /** Lower-case words with hyphens, at most 50 characters. */
  readonly reason?: string;
  /** What is longer than gateMessageLimit characters is cut off. */
  readonly message: string;
  /** Whole milliseconds. */
  readonly tookMs: number;
}

export const gateMessageLimit = 2_000;

/** What happened, as the history's JSON says it; `null` is "no release". */
export type HistoryEvent =
  | {
      readonly kind: "publish" | "unpublish";
      readonly release: string;
      readonly fingerprint: string;
      readonly digest: string;
    }
  | {
      readonly kind: "deploy" | "undeploy";
      readonly cluster: string;
      readonly before: string | null;
      readonly after: string | null;
    }
  | ({ readonly kind: "gate" } & Omit<GateReport, "workflow">);

export type HistoryLine = {
  /** Ascends with time; not without gaps. */
  readonly sequence: number;
  readonly atMs: number;
  /** Name of the API key. */
  readonly key: string;
  readonly workflow: string;
  /** Absent where the caller said nothing of itself. */
  readonly provenance?: Provenance;
} & HistoryEvent;

export interface HistoryQuery {
  readonly workflow?: string | undefined;
  readonly cluster?: string | undefined;
  /** What was deployed, or taken away by another deployment. */
  readonly release?: string | undefined;
  /** Entries older than the one with this sequence. */
  readonly before?: number | undefined;
  /** At most 1,000; 100 when it is not given. */
  readonly limit?: number | undefined;
}

export interface HistoryPage {
  readonly entries: readonly HistoryLine[];
  /** The `before` of the next page; null when there is none. */
  readonly next: number | null;
}

/** Both throw errors of the table. */
export interface HistoryCalls {
  /** Newest first; undefined where the control plane keeps no history. */
  readHistory(query: HistoryQuery, signal?: AbortSignal): Promise<HistoryPage | undefined>;
  /**
   * Adds a gate's result; false where the control plane keeps no history. Throws request-invalid when the
   * release was never deployed on the cluster. A repeated call adds it again.
   */
  recordGate(report: GateReport, provenance: Provenance, signal?: AbortSignal): Promise<boolean>;
}

/** 1,000 entries of some KiB each. */
const maxAnswerBytes = 8 * 1024 * 1024;

export function createHttpHistory(open: OpenRequest, host: string): HistoryCalls {
  const failing = (name: string, signal: AbortSignal | undefined) =>
    ({ name, host, missing: ["release", "cluster", "workflow"], signal }) as const;
  return {
    readHistory: (query, signal) =>
      withErrors(failing("reading the history", signal), async () => {
        const path = `${historyPath}?${historySearch(query)}`;
        const response = await exchange(open("GET", path, {}), undefined, signal);
        if (isNoSuchPath(response)) {
          response.resume();
          return undefined;
        }
        await requireSuccess(response);
        return readPage(await readAtMost(response, maxAnswerBytes), host);
      }),
    recordGate: (report, provenance, signal) =>
      withErrors(failing("recording a gate", signal), async () => {
        const { message } = report;
        const body = Buffer.from(JSON.stringify({ ...report, message: message.slice(0, gateMessageLimit) }));
        const headers = {
          "content-type": "application/json",
          "content-length": body.length,
          [provenanceHeader]: encodeProvenance(provenance),
        };
        const response = await exchange(open("POST", gatesPath, headers), Readable.from([body]), signal);
        try {
          await requireSuccess(response);
        } catch (thrown) {
          // Our own 404, of a workflow or a cluster, says in its details what is missing.
          if (isNoSuchPath(response) && !(await saysWhatIsMissing(thrown))) return false;
          throw thrown;
        }
        response.resume();
        return true;
      }),
  };
}

async function saysWhatIsMissing(thrown: unknown): Promise<boolean> {
  const { ConnectError } = await import("@connectrpc/connect");
  const { fromDetails } = await import("./error-details.ts");
  return fromDetails(ConnectError.from(thrown)) !== undefined;
}

export function historySearch(query: HistoryQuery): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value));
  }
  return search;
}

/** Only the outline is checked: what is in it was made by the same program, of this version or another. */
function readPage(body: Uint8Array, host: string): HistoryPage {
  try {
    const page: unknown = JSON.parse(Buffer.from(body).toString("utf8"));
    if (typeof page === "object" && page !== null && "entries" in page && Array.isArray(page.entries)) {
      return page as unknown as HistoryPage;
    }
  } catch {
    // Not even JSON: the same as JSON of another form.
  }
  throw new SystemError("api-failed", `${host} answered something else than a history`);
}
