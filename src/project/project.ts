/** What a `tilebox.workflow.toml` says, parsed and checked: a Project cannot be wrong in form. */

/** How the worker of a release is started. */
export type Entrypoint =
  /** `module:object`, started as `python -m tilebox.workflows.runner module:object`. */
  | { readonly kind: "runner"; readonly objectPath: string }
  /** A program of the project's own that serves the worker protocol. */
  | { readonly kind: "command"; readonly argv: readonly [string, ...string[]] };

export interface Project {
  /** Absolute path of tilebox.workflow.toml. */
  readonly configPath: string;
  /** Absolute path of the git work tree that holds the project, or the configuration's folder outside git. */
  readonly repositoryRoot: string;
  /** Absolute path of [workflow] root: globs and artifact paths are relative to it. */
  readonly root: string;
  readonly slug: string;
  readonly entrypoint: Entrypoint;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly useGitignore: boolean;
  /** [targets.NAME] clusters, by NAME, in the file's order. */
  readonly targets: ReadonlyMap<string, readonly string[]>;
}
