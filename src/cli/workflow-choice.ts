import { resolve } from "node:path";
import { ReleaseError, UserError } from "../errors.ts";
import type { Project } from "../project/project.ts";
import type { StageDeps } from "../stages/stage.ts";

/** The workflow that was named, else the one of the project in `folder`. A named one may stand without a project. */
export async function chooseWorkflow(
  folder: string,
  named: string | undefined,
  deps: Pick<StageDeps, "loadProject">,
): Promise<Pick<Project, "slug" | "targets">> {
  try {
    const project = await deps.loadProject(resolve(folder));
    return named === undefined || named === project.slug ? project : { slug: named, targets: new Map() };
  } catch (error) {
    if (!(error instanceof ReleaseError) || error.code !== "config-not-found") throw error;
    if (named !== undefined) return { slug: named, targets: new Map() };
    throw new UserError("input-invalid", "There is no project here and no --workflow was given", {
      cause: error,
      next: "Run it in a project's folder, or add --workflow SLUG.",
    });
  }
}
