/** What single values of tilebox.workflow.toml must look like. A rule returns what is wrong, or undefined. */
import picomatch from "picomatch/posix.js";

export interface Flaw {
  readonly message: string;
  /** What to write instead. */
  readonly hint?: string;
}

/** The API's rule for slugs of workflows and clusters. */
const slugPattern = /^[A-Za-z0-9-]{1,100}$/;
/** Bare keys of TOML; `target:NAME` in an input splits at commas and line ends, which these cannot hold. */
const targetNamePattern = /^[A-Za-z0-9_-]{1,100}$/;
const asciiRunnerPattern = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/;

export function slugFlaw(slug: string): Flaw | undefined {
  if (slugPattern.test(slug)) return undefined;
  const made = slug
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .replace(/[^A-Za-z0-9-]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 100);
  return {
    message: `${quote(slug)} is not a slug: 1 to 100 ASCII letters, digits and hyphens.`,
    ...(made === "" ? {} : { hint: `write ${quote(made)}` }),
  };
}

export function targetNameFlaw(name: string): Flaw | undefined {
  if (targetNamePattern.test(name)) return undefined;
  return {
    message: `${quote(name)} cannot name a target: 1 to 100 ASCII letters, digits, hyphens and underscores.`,
  };
}

/** `module:object`, both dotted Python names, as `python -m tilebox.workflows.runner` takes it. */
export function runnerFlaw(runner: string): Flaw | undefined {
  if (isRunnerPath(runner)) return undefined;
  const [file = "", object = "runner", ...rest] = runner.trim().split(":");
  const module = file
    .replace(/\.py$/, "")
    .replace(/^\.?[\\/]+/, "")
    .replace(/[\\/]+/g, ".");
  const suggestion = `${module}:${object === "" ? "runner" : object}`;
  return {
    message: `${quote(runner)} is not a runner path: it must be module:object, both dotted Python names.`,
    hint:
      rest.length === 0 && isRunnerPath(suggestion)
        ? `write ${quote(suggestion)}`
        : 'write the module that defines the Runner and its name, as in "my_workflow.runner:runner"',
  };
}

/** Python's identifiers may have letters of any script; compiling that pattern costs milliseconds, so it comes second. */
function isRunnerPath(text: string): boolean {
  if (asciiRunnerPattern.test(text)) return true;
  const identifier = "[\\p{XID_Start}_]\\p{XID_Continue}*";
  const dotted = `${identifier}(?:\\.${identifier})*`;
  return new RegExp(`^${dotted}:${dotted}$`, "u").test(text);
}

/** A glob of [build]: relative to the root, with `/`, in picomatch's syntax. */
export function globFlaw(glob: string, list: "include" | "exclude"): Flaw | undefined {
  if (glob === "") return { message: "is an empty pattern.", hint: "remove it" };
  const named = quote(glob);
  if (/^[A-Za-z]:[\\/]/.test(glob) || /^[\\/]/.test(glob)) {
    return {
      message: `${named} is an absolute path.`,
      hint: "write it relative to [workflow] root",
    };
  }
  if (glob.startsWith("!") && !glob.startsWith("!(")) {
    return {
      message: `${named} is negated, which ${list} does not know.`,
      hint:
        list === "include"
          ? `put ${quote(glob.slice(1))} into exclude`
          : "narrow the other exclude patterns instead",
    };
  }
  if (/\\(?![[\]{}()!+@])/.test(glob)) {
    return { message: `${named} has a backslash.`, hint: `write ${quote(glob.replaceAll("\\", "/"))}` };
  }
  const segments = glob.split("/");
  if (segments.includes("..")) {
    return {
      message: `${named} leaves [workflow] root.`,
      hint: "set [workflow] root to the folder that holds both",
    };
  }
  if (segments.includes(".") || segments.slice(0, -1).includes("")) {
    const plain = segments.filter((segment, index) => segment !== "." && (segment !== "" || index > 0));
    return {
      message: `${named} has an empty or "." part, which no path has.`,
      hint: `write ${quote(plain.filter((segment) => segment !== "").join("/"))}`,
    };
  }
  if (glob.endsWith("/")) {
    return { message: `${named} names a folder; patterns match files.`, hint: `write ${quote(`${glob}**`)}` };
  }
  return syntaxFlaw(glob);
}

function syntaxFlaw(glob: string): Flaw | undefined {
  if (!/[[\]{}()]/.test(glob)) return undefined;
  try {
    picomatch.makeRe(glob, { dot: true, strictBrackets: true });
    return undefined;
  } catch {
    return {
      message: `${quote(glob)} has a bracket without its partner.`,
      hint: "close it, or put a backslash before it when the name has it",
    };
  }
}

export function quote(text: string): string {
  return JSON.stringify(text);
}
