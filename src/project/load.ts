import { isUtf8 } from "node:buffer";
import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { parse, TomlError } from "smol-toml";
import { type Problem, UserError } from "../errors.ts";
import { checkConfig } from "./check-config.ts";
import { type Flaw, quote } from "./config-rules.ts";
import { type ConfigPlace, findConfig, pathInRepository } from "./find-config.ts";
import type { Project } from "./project.ts";
import type { ConfigProblem } from "./toml-values.ts";

/**
 * Finds tilebox.workflow.toml from a folder upward and reads it.
 *
 * @throws UserError config-not-found
 * @throws UserError config-invalid, with every problem of the file, each with its line and column
 */
export async function loadProject(startFolder: string): Promise<Project> {
  const place = findConfig(startFolder);
  const text = readConfig(place);
  const config = checkConfig(parseToml(text, place), (root) => resolveRoot(root, place));
  if (!("slug" in config)) throw await invalid(place, text, config);
  return { ...place, ...config };
}

/** The text without a byte order mark, which editors on Windows write and TOML does not know. */
function readConfig(place: ConfigPlace): string {
  const file = pathInRepository(place.repositoryRoot, place.configPath);
  const bytes = readFileSync(place.configPath);
  // Not a TextDecoder, whose first use costs 2 ms.
  if (isUtf8(bytes)) return bytes.toString("utf8").replace(/^\ufeff/, "");
  throw configInvalid(file, [{ file, message: "The file is not UTF-8.", hint: "save it as UTF-8" }]);
}

function parseToml(text: string, place: ConfigPlace): Readonly<Record<string, unknown>> {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const file = pathInRepository(place.repositoryRoot, place.configPath);
    const what = (cause.message.split("\n")[0] ?? "").replace(/^Invalid TOML document: /, "");
    const message = `This is not TOML: ${what}.`;
    throw configInvalid(file, [{ file, line: cause.line, column: cause.column, message }], cause);
  }
}

/** Follows [workflow] root to a real folder, which must lie in the repository even when a symlink led there. */
function resolveRoot(root: string, place: ConfigPlace): string | Flaw {
  const flaw = (what: string): Flaw => ({
    message: `root ${quote(root)} ${what}.`,
    hint: "name a folder inside the repository, relative to the folder of this file",
  });
  const folder = resolve(dirname(place.configPath), root);
  if (!contains(place.repositoryRoot, folder)) return flaw("leaves the repository");
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats === undefined) return flaw("does not exist");
  if (!stats.isDirectory()) return flaw("is not a folder");
  const real = realpathSync(folder);
  if (!contains(place.repositoryRoot, real)) return flaw("is a symlink that leaves the repository");
  return real;
}

function contains(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

async function invalid(
  place: ConfigPlace,
  text: string,
  found: readonly ConfigProblem[],
): Promise<UserError> {
  const { tomlPositions } = await import("./toml-positions.ts");
  const positions = tomlPositions(text);
  const file = pathInRepository(place.repositoryRoot, place.configPath);
  const problems = found.map(({ path, at, message, hint }): Problem => {
    const position = positions[at](path) ?? { line: 1, column: 1 };
    return { file, ...position, message, ...(hint === undefined ? {} : { hint }) };
  });
  problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
  return configInvalid(file, problems);
}

function configInvalid(file: string, problems: readonly Problem[], cause?: unknown): UserError {
  const count = problems.length === 1 ? "one problem" : `${problems.length} problems`;
  return new UserError("config-invalid", `${file} has ${count}.`, { problems, cause });
}
