/** The inputs `plan` and `on-failure`: what a roll-out must still be, and what becomes of one that fails. */
import { resolve } from "node:path";
import type { Problem } from "../errors.ts";
import type { PlanInput } from "../release/expected-plan.ts";
import { type OnFailure, onFailureChoices } from "../release/on-failure.ts";

/** Undefined where it is left to the clusters. */
export function parseOnFailure(value: string, problems: Problem[]): OnFailure | undefined {
  const found = onFailureChoices.find((choice) => choice === value);
  if (found === undefined && value !== "") {
    const message = `on-failure: ${JSON.stringify(value)} is not a choice`;
    problems.push({ message, hint: onFailureChoices.join(" or ") });
  }
  return found;
}

/** A hash is told from a path by its form alone. */
export function parsePlanInput(value: string, workspace: string): PlanInput | undefined {
  if (value === "") return undefined;
  if (value === "only") return { kind: "only" };
  if (/^[0-9a-f]{64}$/.test(value)) return { kind: "hash", hash: value };
  return { kind: "file", path: resolve(workspace, value) };
}
