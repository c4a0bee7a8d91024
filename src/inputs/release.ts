/** The input `release`: which release a run deploys. */
import { parseId } from "../engine/id.ts";
import type { Problem } from "../errors.ts";
import { nearestName } from "../project/nearest-name.ts";
import type { ReleaseInput } from "../run-plan.ts";

const words = ["auto", "existing", "previous"] as const;

export function parseReleaseInput(value: string, problems: Problem[]): ReleaseInput {
  const word = words.find((candidate) => candidate === value);
  if (word !== undefined) return { kind: word };
  const id = parseId<"release">(value.toLowerCase());
  if (id !== undefined) return { kind: "id", id };
  const nearest = nearestName(value, words);
  problems.push({
    message: `release: ${JSON.stringify(value)} is not a choice`,
    hint: nearest === undefined ? `${words.join(", ")} or a release's id` : `did you mean ${nearest}?`,
  });
  return { kind: "auto" };
}
