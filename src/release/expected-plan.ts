/** A plan that was made earlier, and what has moved since. */
import { readFile } from "node:fs/promises";
import { type Problem, UserError } from "../errors.ts";
import { type PlanDocument, planHash } from "./plan-document.ts";

/** `only`: make a plan and stop. Else a plan to hold to: its hash, or the file that has it. */
export type PlanInput =
  | { readonly kind: "only" }
  | { readonly kind: "hash"; readonly hash: string }
  | { readonly kind: "file"; readonly path: string };

/** What a deployment must still be. Of a hash alone it cannot be said what has moved. */
export type ExpectedPlan =
  | { readonly kind: "hash"; readonly hash: string }
  | { readonly kind: "plan"; readonly plan: PlanDocument };

/**
 * Undefined where there is nothing to hold to. Reads the plan of this workflow from a file that `workflow-release plan --json` or a run wrote; the latter is the
 * run's report.
 * @throws UserError input-invalid when it has no such plan, or one that does not have its own hash.
 */
export async function readExpectedPlan(
  input: PlanInput | undefined,
  workflow: string,
): Promise<ExpectedPlan | undefined> {
  if (input === undefined || input.kind === "only") return undefined;
  if (input.kind === "hash") return input;
  const wrong = (message: string, cause?: unknown) =>
    new UserError("input-invalid", `plan: ${input.path} ${message}`, {
      cause,
      next: "Give the file that `workflow-release plan --json` or a run with `plan: only` wrote, or the plan's hash.",
    });
  let value: unknown;
  try {
    value = JSON.parse(await readFile(input.path, "utf8"));
  } catch (error) {
    throw wrong("cannot be read as JSON", error);
  }
  const plans = plansIn(value).filter((plan) => plan.workflow === workflow);
  const [plan] = plans;
  if (plan === undefined) throw wrong(`has no plan for the workflow ${workflow}`);
  if (planHash(plan) !== plan.hash)
    throw wrong("was changed after it was made: it does not have its own hash");
  return { kind: "plan", plan };
}

/** The file itself, the plan of a report, or those of a report of several projects. */
function plansIn(value: unknown): PlanDocument[] {
  if (!isRecord(value)) return [];
  if (isPlan(value)) return [value];
  const projects = Array.isArray(value.projects) ? value.projects : [];
  return [value.plan, ...projects.map((project) => (isRecord(project) ? project.plan : undefined))].filter(
    isPlan,
  );
}

/** What planHash reads; all else is only compared and shown. */
function isPlan(value: unknown): value is PlanDocument {
  return (
    isRecord(value) &&
    value.formatVersion === 1 &&
    typeof value.hash === "string" &&
    Array.isArray(value.clusters) &&
    value.clusters.every((entry) => isRecord(entry) && isRecord(entry.after))
  );
}

/** @throws UserError plan-changed with every field that differs. */
export function requirePlanned(expected: ExpectedPlan | undefined, now: PlanDocument): void {
  if (expected === undefined) return;
  const hash = expected.kind === "hash" ? expected.hash : expected.plan.hash;
  if (hash === now.hash) return;
  const problems =
    expected.kind === "hash"
      ? [{ message: "a hash does not say what has moved", hint: "give the file of the plan instead" }]
      : planDifferences(expected.plan, now);
  throw new UserError("plan-changed", `The plan has the hash ${now.hash}, not ${hash}`, { problems });
}

export function planDifferences(planned: PlanDocument, now: PlanDocument): Problem[] {
  const earlier = fieldsOf(planned);
  const later = fieldsOf(now);
  return [...new Set([...earlier.keys(), ...later.keys()])].flatMap((path) => {
    const [was = "nothing", is = "nothing"] = [earlier.get(path), later.get(path)];
    if (was === is || path === "hash" || path.endsWith(".after.release")) return [];
    return [{ message: `${path}: planned ${was}, now ${is}` }];
  });
}

/** Every leaf by its path. What has a name of its own goes by it, so that one cluster more moves no other. */
function fieldsOf(value: unknown, path = "", fields = new Map<string, string>()): Map<string, string> {
  if (Array.isArray(value)) {
    for (const [index, entry] of value.entries())
      fieldsOf(entry, `${path}[${nameIn(entry) ?? index}]`, fields);
  } else if (isRecord(value)) {
    for (const [key, inner] of Object.entries(value))
      fieldsOf(inner, path === "" ? key : `${path}.${key}`, fields);
  } else if (value !== undefined) fields.set(path, value === null ? "nothing" : String(value));
  return fields;
}

function nameIn(entry: unknown): string | undefined {
  if (typeof entry === "string") return entry;
  if (!isRecord(entry)) return undefined;
  const finding = entry.kind === undefined ? undefined : `${entry.task} ${entry.kind}`;
  const name = entry.cluster ?? entry.against ?? finding ?? entry.name;
  return typeof name === "string" ? name : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
