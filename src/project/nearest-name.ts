import { distance } from "fastest-levenshtein";

/**
 * The known name that a mistyped one most likely meant, or undefined when none is near.
 * Near: at most a third of the letters differ, so that `clutser` finds `cluster` and `foo` finds nothing.
 */
export function nearestName(typed: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.floor(Math.max(typed.length, 3) / 3) + 1;
  for (const name of known) {
    const edits = distance(typed.toLowerCase(), name.toLowerCase());
    if (edits < bestDistance) [best, bestDistance] = [name, edits];
  }
  return best;
}
