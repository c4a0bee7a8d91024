/** What a project consists of: its configuration and, where there is none, the smallest Python project that runs. */

export interface ConfigOptions {
  readonly slug: string;
  /** `module:object`. */
  readonly runner: string;
  readonly include: readonly string[];
  /** Slugs. */
  readonly devClusters: readonly string[];
  readonly productionClusters: readonly string[];
}

/** The text of tilebox.workflow.toml. JSON's strings and lists are TOML's, too. */
export function configFile(options: ConfigOptions): string {
  const list = (entries: readonly string[]) =>
    `[${entries.map((entry) => JSON.stringify(entry)).join(", ")}]`;
  return [
    "[workflow]",
    `slug = ${JSON.stringify(options.slug)}`,
    `runner = ${JSON.stringify(options.runner)}`,
    "",
    "[build]",
    `include = ${list(options.include)}`,
    "",
    "[targets.dev]",
    `clusters = ${list(options.devClusters)}`,
    "",
    "[targets.production]",
    `clusters = ${list(options.productionClusters)}`,
    "",
  ].join("\n");
}

/** The version that this program is tried with. */
const sdkVersion = "0.66.0";

export function pyprojectFile(slug: string): string {
  return [
    "[project]",
    `name = ${JSON.stringify(packageName(slug))}`,
    'version = "0.1.0"',
    'requires-python = ">=3.11"',
    `dependencies = ["tilebox-workflows==${sdkVersion}"]`,
    "",
  ].join("\n");
}

/** Named as a root module that nothing else is named like: a module `json` would hide Python's own. */
export const runnerFileName = "runner.py";

export function runnerFile(slug: string): string {
  return `from tilebox.workflows import ExecutionContext, Runner, Task


class Hello(Task):
    name: str

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "${slug}/Hello", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info(f"Hello, {self.name}!")


runner = Runner(tasks=[Hello])
`;
}

/** A job of its task, for the input `smoke-task`: the input of a task with one field is its bare value. */
export function smokeTaskOf(slug: string): string {
  return `${slug}/Hello@v1.0 "world"`;
}

export const gitignoreFile = [".venv/", "__pycache__/", ".workflow-release/", ""].join("\n");

/** A package's name begins and ends with a letter or digit. */
function packageName(slug: string): string {
  return `${slug.toLowerCase().replace(/^-+|-+$/g, "")}` || "workflow";
}
