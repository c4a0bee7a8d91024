/** From paths in an unpacked artifact to places in the checkout, as a person and an annotation name them. */
import { join, sep } from "node:path";
import type { Problem } from "../errors.ts";
import { configPosition } from "../project/config-position.ts";
import { pathInRepository } from "../project/find-config.ts";
import type { Project } from "../project/project.ts";
import type { Frame } from "./import-report.ts";
import type { Raised } from "./import-trouble.ts";
import { type LeftOutSearch, pathInArtifact } from "./left-out.ts";

export interface Places {
  readonly project: Project;
  readonly search: LeftOutSearch;
}

/** A problem at the innermost frame that is the project's own; undefined when none is. */
export function problemAt(places: Places, frames: readonly Frame[], message: string): Problem | undefined {
  for (const frame of frames.toReversed()) {
    const path = pathInArtifact(places.search.artifact, frame.file);
    if (path === undefined || !places.search.packed.has(path)) continue;
    return { message, file: checkoutPath(places, path), ...(frame.line > 0 ? { line: frame.line } : {}) };
  }
  return undefined;
}

/** A syntax error's place stands in the exception, not in its frames. */
export function syntaxProblem(places: Places, raised: Raised): Problem | undefined {
  if (raised.position === undefined || raised.file === undefined) return undefined;
  const path = pathInArtifact(places.search.artifact, raised.file);
  if (path === undefined || !places.search.packed.has(path)) return undefined;
  return { message: raised.message, file: checkoutPath(places, path), ...raised.position };
}

/** A problem of the entry of tilebox.workflow.toml that says how the worker starts. */
export async function entrypointProblem(
  { project }: Places,
  message: string,
  hint?: string,
): Promise<Problem> {
  const position = await configPosition(project, ["workflow", project.entrypoint.kind]);
  return { ...position, message, ...(hint === undefined ? {} : { hint }) };
}

export function checkoutPath({ project }: Places, path: string): string {
  return pathInRepository(project.repositoryRoot, join(project.root, path));
}

/** A text with the unpacked artifact's temporary folder taken out of its paths. */
export function withoutFolder({ search }: Places, text: string): string {
  return text.replaceAll(`${search.artifact}${sep}`, "").replaceAll(search.artifact, ".");
}

/** The dotted names under which the artifact's Python files can be imported from its root or from src. */
export function moduleNames(packed: Iterable<string>): Set<string> {
  const names = new Set<string>();
  for (const path of packed) {
    const module = /^(?:src\/)?((?:\w+\/)*\w+)\.py$/.exec(path)?.[1]?.replace(/\/__init__$/, "");
    if (module === undefined) continue;
    const steps = module.split("/");
    for (let length = 1; length <= steps.length; length++) names.add(steps.slice(0, length).join("."));
  }
  return names;
}
