import { type Flaw, globFlaw, quote, runnerFlaw, slugFlaw, targetNameFlaw } from "./config-rules.ts";
import { nearestName } from "./nearest-name.ts";
import type { Entrypoint } from "./project.ts";
import {
  accept,
  type ConfigProblem,
  checkKeys,
  isTable,
  kindOf,
  type Report,
  readString,
  readStrings,
  type Table,
} from "./toml-values.ts";

/** What the file says. */
export interface Config {
  readonly slug: string;
  /** As `resolveRoot` gave it. */
  readonly root: string;
  readonly entrypoint: Entrypoint;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly useGitignore: boolean;
  readonly targets: ReadonlyMap<string, readonly string[]>;
}

/**
 * Checks a parsed document field by field. With a problem there is no config: a Project cannot be half right.
 *
 * @param resolveRoot Turns [workflow] root into an absolute path, or says what is wrong with it.
 */
export function checkConfig(
  document: Table,
  resolveRoot: (root: string) => string | Flaw,
): Config | readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const report: Report = (path, flaw, at = "value") => problems.push({ path, at, ...flaw });

  checkKeys(document, [], ["workflow", "build", "targets"], report);
  const workflow = readTable(document, "workflow", report);
  const build = readTable(document, "build", report);
  const fields = {
    slug: workflow && readSlug(workflow, report),
    root: workflow && readRoot(workflow, resolveRoot, report),
    entrypoint: workflow && readEntrypoint(workflow, report),
    include: build && readInclude(build, report),
    exclude: build && readGlobs(build, "exclude", report),
    useGitignore: build && readUseGitignore(build, report),
    targets: readTargets(document, report),
  };
  if (workflow) checkKeys(workflow, ["workflow"], ["slug", "root", "runner", "command"], report);
  if (build) checkKeys(build, ["build"], ["include", "exclude", "use_gitignore"], report);

  const { slug, root, entrypoint, include, exclude, useGitignore, targets } = fields;
  const complete =
    slug !== undefined &&
    root !== undefined &&
    entrypoint !== undefined &&
    include !== undefined &&
    exclude !== undefined &&
    useGitignore !== undefined;
  if (problems.length > 0 || !complete) return problems;
  return { slug, root, entrypoint, include, exclude, useGitignore, targets };
}

function readTable(document: Table, name: "workflow" | "build", report: Report): Table | undefined {
  const value = document[name];
  if (isTable(value)) return value;
  if (value !== undefined) {
    report([name], { message: `${name} is ${kindOf(value)}, not a table.`, hint: `write [${name}]` }, "key");
    return undefined;
  }
  const nearest = Object.keys(document).find((key) => nearestName(key, [name]) !== undefined);
  const example = name === "workflow" ? 'slug = "my-workflow"' : 'include = ["my_workflow/**"]';
  report([], {
    message: `The table [${name}] is missing.`,
    hint: nearest === undefined ? `add [${name}] with ${example}` : `rename [${nearest}]`,
  });
  return undefined;
}

function readSlug(workflow: Table, report: Report): string | undefined {
  const path = ["workflow", "slug"];
  const slug = readString(workflow, path, report);
  if (slug === undefined) {
    if (workflow.slug === undefined) {
      report(
        ["workflow"],
        { message: "[workflow] has no slug.", hint: 'add slug = "my-workflow", the slug of the workflow' },
        "key",
      );
    }
    return undefined;
  }
  return accept(slug, path, slugFlaw(slug), report);
}

function readRoot(
  workflow: Table,
  resolveRoot: (root: string) => string | Flaw,
  report: Report,
): string | undefined {
  const path = ["workflow", "root"];
  const root = workflow.root === undefined ? "." : readString(workflow, path, report);
  if (root === undefined) return undefined;
  let flaw: Flaw | undefined;
  if (root === "") flaw = { message: "root is empty.", hint: 'write "." for the folder of this file' };
  else if (/^[\\/]/.test(root) || /^[A-Za-z]:/.test(root)) {
    flaw = {
      message: `root ${quote(root)} is an absolute path.`,
      hint: "write it relative to the folder of this file",
    };
  } else if (root.includes("\\")) {
    flaw = {
      message: `root ${quote(root)} has a backslash.`,
      hint: `write ${quote(root.replaceAll("\\", "/"))}`,
    };
  }
  const resolved = flaw ?? resolveRoot(root);
  if (typeof resolved === "string") return resolved;
  report(path, resolved);
  return undefined;
}

function readEntrypoint(workflow: Table, report: Report): Entrypoint | undefined {
  const runner = readString(workflow, ["workflow", "runner"], report);
  const command = readStrings(workflow, ["workflow", "command"], report);
  if (workflow.runner !== undefined && workflow.command !== undefined) {
    report(
      ["workflow", "command"],
      { message: "[workflow] has both runner and command.", hint: "keep the one that starts the worker" },
      "key",
    );
    return undefined;
  }
  if (workflow.runner === undefined && workflow.command === undefined) {
    report(
      ["workflow"],
      {
        message: "[workflow] has neither runner nor command.",
        hint: 'add runner = "module:object", the Runner object that registers the tasks',
      },
      "key",
    );
    return undefined;
  }
  if (runner !== undefined) {
    const path = accept(runner, ["workflow", "runner"], runnerFlaw(runner), report);
    return path === undefined ? undefined : { kind: "runner", objectPath: path };
  }
  const [program, ...args] = command ?? [];
  if (program === undefined) return undefined;
  const flawed = [program, ...args].findIndex((part) => part.includes("\0"));
  if (program === "") {
    report(["workflow", "command", 0], { message: "command begins with an empty program name." });
    return undefined;
  }
  if (flawed !== -1) {
    report(["workflow", "command", flawed], {
      message: "command has a NUL character, which no program can be given.",
    });
    return undefined;
  }
  return { kind: "command", argv: [program, ...args] };
}

function readInclude(build: Table, report: Report): readonly string[] | undefined {
  if (build.include !== undefined) return readGlobs(build, "include", report);
  const hint = 'add include = ["my_workflow/**", "pyproject.toml", "uv.lock"]';
  report(["build"], { message: "[build] has no include.", hint }, "key");
  return undefined;
}

function readGlobs(build: Table, list: "include" | "exclude", report: Report): readonly string[] | undefined {
  const path = ["build", list];
  if (build[list] === undefined) return [];
  const globs = readStrings(build, path, report, list === "exclude");
  globs?.forEach((glob, index) => {
    const flaw = globFlaw(glob, list);
    if (flaw !== undefined) report([...path, index], { ...flaw, message: `${list}: ${flaw.message}` });
  });
  return globs;
}

function readUseGitignore(build: Table, report: Report): boolean | undefined {
  const value = build.use_gitignore ?? true;
  if (typeof value === "boolean") return value;
  const hint = "write true or false, without quotes";
  report(["build", "use_gitignore"], { message: `use_gitignore is ${kindOf(value)}, not a boolean.`, hint });
  return undefined;
}

function readTargets(document: Table, report: Report): ReadonlyMap<string, readonly string[]> {
  const targets = new Map<string, readonly string[]>();
  if (document.targets === undefined) return targets;
  if (!isTable(document.targets)) {
    const hint = "write [targets.NAME] with clusters";
    report(["targets"], { message: `targets is ${kindOf(document.targets)}, not a table.`, hint }, "key");
    return targets;
  }
  for (const [name, target] of Object.entries(document.targets)) {
    const clusters = readTarget(name, target, report);
    if (clusters !== undefined) targets.set(name, clusters);
  }
  return targets;
}

function readTarget(name: string, target: unknown, report: Report): readonly string[] | undefined {
  const path = ["targets", name];
  if (!isTable(target)) {
    const hint = `write [targets.${name}] and below it clusters = ["..."]`;
    report(path, { message: `targets.${name} is ${kindOf(target)}, not a table.`, hint }, "key");
    return undefined;
  }
  const nameFlaw = targetNameFlaw(name);
  if (nameFlaw !== undefined) report(path, nameFlaw, "key");
  checkKeys(target, path, ["clusters"], report);
  if (target.clusters === undefined) {
    const hint = 'add clusters = ["slug-of-a-cluster"]';
    report(path, { message: `[targets.${name}] has no clusters.`, hint }, "key");
    return undefined;
  }
  const clusters = readStrings(target, [...path, "clusters"], report);
  clusters?.forEach((cluster, index) => {
    const at = [...path, "clusters", index];
    const flaw = slugFlaw(cluster);
    if (flaw !== undefined) report(at, flaw);
    else if (clusters.indexOf(cluster) < index) {
      report(at, {
        message: `[targets.${name}] names the cluster ${quote(cluster)} twice.`,
        hint: "remove one",
      });
    }
  });
  return clusters;
}
