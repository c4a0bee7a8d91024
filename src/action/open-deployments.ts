/** What the action's main step leaves to its post step: the GitHub Deployments that are in progress. */
import type { OpenDeployment } from "../report/github/deployments.ts";

/** Name of the state that the runner hands from one step to the other. */
export const openDeploymentsState = "open-deployments";

/** None for what is not ours. */
export function parseOpenDeployments(text: string): readonly OpenDeployment[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  if (!Array.isArray(value)) return [];
  return value.filter(
    (entry): entry is OpenDeployment =>
      typeof entry === "object" &&
      entry !== null &&
      Number.isSafeInteger(entry.id) &&
      typeof entry.environment === "string",
  );
}
