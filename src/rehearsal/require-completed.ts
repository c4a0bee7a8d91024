import { join } from "node:path";
import { UserError } from "../errors.ts";
import { pathInRepository } from "../project/find-config.ts";
import type { Project } from "../project/project.ts";
import type { RehearsalResult } from "./rehearse.ts";

const whatHappened: Record<Exclude<RehearsalResult["outcome"], "completed">, string> = {
  "timed-out": "did not end in time",
  failed: "failed",
  canceled: "was canceled",
  stalled: "cannot go on",
};

/**
 * @throws UserError job-failed with every task that failed, its traceback and its line of the project, and with what
 *   the others wait for.
 */
export function requireCompleted(
  { outcome, failures, waiting }: RehearsalResult,
  project: Pick<Project, "root" | "repositoryRoot">,
): void {
  if (outcome === "completed") return;
  const fileOf = (path: string) => pathInRepository(project.repositoryRoot, join(project.root, path));
  throw new UserError("job-failed", `The rehearsal's job ${whatHappened[outcome]}`, {
    problems: [
      ...failures.map(({ display, summary, traceback, place }) => ({
        message: traceback === "" ? `${display}: ${summary}` : `${display}: ${summary}\n${traceback}`,
        ...(place === undefined ? {} : { file: fileOf(place.file), line: place.line }),
      })),
      ...waiting.flatMap(({ display, reasons }) =>
        reasons.map((reason) => ({ message: `${display} is not run: ${reason}` })),
      ),
    ],
    next: "Mend what the task ran into, and rehearse again: workflow-release rehearse --help.",
  });
}
