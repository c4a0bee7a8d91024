/** The input `allow`, and the label of a pull request that stands for a part of it. */
import type { Problem } from "../errors.ts";
import { nearestName } from "../project/nearest-name.ts";
import { type Allowance, type Allowed, type AllowedBy, allowances } from "../release/allowed.ts";

/** As it stands on the pull request. Whoever may set labels may use it; a fork's author may not. */
const breakingLabel = "allow: breaking";

/** Words separated by commas or newlines. */
export function parseAllow(name: string, value: string, by: AllowedBy, problems: Problem[]): Allowed {
  const allowed = new Map<Allowance, AllowedBy>();
  if (value === "") return allowed;
  for (const word of value.split(/[,\n]/).map((entry) => entry.trim())) {
    if (isAllowance(word)) allowed.set(word, by);
    else problems.push(unknownWord(name, word));
  }
  return allowed;
}

/**
 * A label counts for a run that only checks: who may label may not thereby decide what is deployed. What the input
 * says comes first.
 */
export function allowByLabel(allowed: Allowed, labels: readonly string[]): Allowed {
  if (!labels.some((label) => label.toLowerCase() === breakingLabel)) return allowed;
  return new Map<Allowance, AllowedBy>([["breaking", "label"], ...allowed]);
}

function isAllowance(word: string): word is Allowance {
  return (allowances as readonly string[]).includes(word);
}

function unknownWord(name: string, word: string): Problem {
  const nearest = nearestName(word, allowances);
  return {
    message: `${name}: ${JSON.stringify(word)} is not a choice`,
    hint: nearest === undefined ? allowances.join(", ") : `did you mean ${nearest}?`,
  };
}
