/**
 * Where a change comes from, in its own words: the run that publishes or deploys says so in one header, and
 * the control plane keeps it beside the change. It is a claim, shown as one; who may change something is
 * decided by the API key alone.
 */

/** What a run says of itself. All of it is absent for a person at a terminal. */
export interface RunProvenance {
  /** `owner/name`. */
  readonly repository?: string;
  /** The commit that the run is of: 40 or 64 hex characters. */
  readonly commit?: string;
  readonly ref?: string;
  readonly run?: { readonly id: number; readonly attempt: number; readonly url?: string };
  /** Who started the run. */
  readonly actor?: string;
}

/** The kinds of gates. */
export const gateKinds = ["ready", "smoke", "replay", "soak"] as const;
export type GateKind = (typeof gateKinds)[number];

export type ChangeReason = "deploy" | "rollback";

export interface Provenance extends RunProvenance {
  readonly reason: ChangeReason;
  /** The gates that are run after it, so that one that has no result is known to be missing. */
  readonly gates?: readonly GateKind[];
}

/** A request header, so that the public contract needs no field; servers that do not know it ignore it. */
export const provenanceHeader = "workflow-release-provenance";

/** All headers of a request share 16 KiB in Node. */
const provenanceLimitBytes = 2_048;

/** JSON in printable ASCII, as a header must be. Too long a ref, which is the only long part, is left out. */
export function encodeProvenance(provenance: Provenance): string {
  const whole = asciiJson(provenance);
  if (whole.length <= provenanceLimitBytes) return whole;
  const { ref: _, ...rest } = provenance;
  return asciiJson(rest);
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** What of it the header's reader takes: a run elsewhere than on GitHub may set its variables to anything. */
export function usableProvenance(run: RunProvenance): RunProvenance {
  const isRunUsable = run.run === undefined || wrongFields("", run.run, runFields).length === 0;
  return Object.fromEntries(
    Object.entries(run).filter(
      ([name, value]) => fields[name]?.(value) === true && (name !== "run" || isRunUsable),
    ),
  );
}

/** Reads the header strictly: what it says is kept for ever. Answers with everything that is wrong with it. */
export function parseProvenance(text: string): Provenance | { readonly problems: readonly string[] } {
  if (text.length > provenanceLimitBytes)
    return { problems: [`has more than ${provenanceLimitBytes} bytes`] };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problems: ["is not JSON"] };
  }
  if (!isRecord(value)) return { problems: ["is no JSON object"] };
  const problems = [
    ...wrongFields("", value, fields),
    ...(isRecord(value.run) ? wrongFields("run.", value.run, runFields) : []),
    ...(value.reason === undefined ? ["reason is missing"] : []),
  ];
  // Every field was checked above, and there are no others.
  return problems.length > 0 ? { problems } : (value as unknown as Provenance);
}

type FieldRule = (value: unknown) => boolean;

const text =
  (form: RegExp): FieldRule =>
  (value) =>
    typeof value === "string" && form.test(value);
const count: FieldRule = (value) => typeof value === "number" && Number.isSafeInteger(value) && value > 0;

const runFields: Readonly<Record<string, FieldRule>> = {
  id: count,
  attempt: count,
  url: text(/^https?:\/\/[!-~]{1,500}$/),
};
const fields: Readonly<Record<string, FieldRule>> = {
  repository: text(/^[\w.-]{1,100}\/[\w.-]{1,100}$/),
  commit: text(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/),
  // Git allows neither spaces nor control characters in a ref.
  ref: text(/^[^\p{Cc}\p{Cf}\s]{1,255}$/u),
  run: (value) => isRecord(value) && "id" in value && "attempt" in value,
  actor: text(/^[^\p{Cc}\p{Cf}\s]{1,100}$/u),
  reason: text(/^(?:deploy|rollback)$/),
  gates: (value) =>
    Array.isArray(value) &&
    value.length <= gateKinds.length &&
    value.every((gate) => gateKinds.some((kind) => kind === gate)),
};

function wrongFields(
  place: string,
  value: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, FieldRule>>,
): string[] {
  return Object.entries(value).flatMap(([name, field]) => {
    if (!Object.hasOwn(rules, name))
      return [`has an unknown field ${JSON.stringify(place + name).slice(0, 60)}`];
    return rules[name]?.(field) === true ? [] : [`${place}${name} is malformed`];
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
