import { readFileSync } from "node:fs";
import { pathInRepository } from "./find-config.ts";
import type { Project } from "./project.ts";
import type { Position, TomlPath } from "./toml-positions.ts";

/** Where the project's configuration says something, for a problem that shows later than when it was read. */
export async function configPosition(project: Project, path: TomlPath): Promise<{ file: string } & Position> {
  const { tomlPositions } = await import("./toml-positions.ts");
  const text = readFileSync(project.configPath, "utf8").replace(/^\ufeff/, "");
  const file = pathInRepository(project.repositoryRoot, project.configPath);
  return { file, ...(tomlPositions(text).value(path) ?? { line: 1, column: 1 }) };
}
