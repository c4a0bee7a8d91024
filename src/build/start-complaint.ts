/** What uv and the worker's server say in one line when a start fails: read from stderr, nothing is run. */

export type StartComplaint =
  | { readonly kind: "lock-stale" }
  | { readonly kind: "python-missing"; readonly text: string }
  /** uv could not make the environment; `file` or `module` is what building the project's own package asked for. */
  | {
      readonly kind: "environment-failed";
      readonly text: string;
      readonly file: string | undefined;
      readonly module: string | undefined;
    }
  | { readonly kind: "sdk-missing"; readonly text: string }
  | { readonly kind: "object-missing"; readonly object: string }
  | { readonly kind: "wrong-type"; readonly found: string }
  | { readonly kind: "path-malformed" }
  /** The module raised; a second import tells more. */
  | { readonly kind: "import-failed"; readonly text: string };

type Recognise = (stderr: string) => StartComplaint | undefined;

/** In the order of asking: uv's own errors come before any Python. */
const recognisers: readonly Recognise[] = [
  (stderr) =>
    /needs to be updated, but `?--locked`? was provided/.test(stderr) ? { kind: "lock-stale" } : undefined,
  (stderr) => {
    const found =
      /(?:error: )?(No interpreter found for [^\n]+|No solution found when resolving Python[^\n]*)/.exec(
        stderr,
      );
    return found === null ? undefined : { kind: "python-missing", text: found[1] ?? "" };
  },
  (stderr) => {
    const found =
      /(?:Error while finding module specification for|No module named) '?tilebox\.workflows[\w.]*'?[^\n]*/.exec(
        stderr,
      );
    return found === null || stderr.includes("Failed to import module")
      ? undefined
      : { kind: "sdk-missing", text: found[0] };
  },
  (stderr) => {
    const found = /^Module '[^\n]*' has no runner object '([^\n]*)'\.$/m.exec(stderr);
    return found === null ? undefined : { kind: "object-missing", object: found[1] ?? "" };
  },
  (stderr) => {
    const found = /^Expected '[^\n]*' to resolve to tilebox\.workflows\.Runner, got ([^\n]*)\.$/m.exec(
      stderr,
    );
    return found === null ? undefined : { kind: "wrong-type", found: found[1] ?? "" };
  },
  (stderr) =>
    /^Expected runner import path in the format/m.test(stderr) ? { kind: "path-malformed" } : undefined,
  (stderr) => {
    const found = /^Failed to import module '[^\n]*?': ([\s\S]*?) \(attempted import took [\d.]+s\)$/m.exec(
      stderr,
    );
    return found === null ? undefined : { kind: "import-failed", text: found[1] ?? "" };
  },
  (stderr) => {
    const found = /^(?:error: |\s*[×x] )([^\n]+)/m.exec(stderr);
    if (found === null) return undefined;
    // A build backend's exception stands below uv's own line and says more.
    const exception = [...stderr.matchAll(/^\s*(\w+(?:Error|Exception): [^\n]+)/gm)].at(-1)?.[1];
    const missing = /(?:Readme file does not exist: |No such file or directory: ')([^'\n]+)/.exec(stderr);
    const unshipped = /no directory that matches the name of your project \(([\w.-]+)\)/.exec(stderr);
    return {
      kind: "environment-failed",
      text: exception === undefined ? (found[1] ?? "") : `${found[1]}: ${exception}`,
      file: missing?.[1],
      module: unshipped?.[1]?.replaceAll(/[-.]/g, "_"),
    };
  },
];

/** The first complaint that is recognised, or undefined when stderr holds none. */
export function readComplaint(stderr: string): StartComplaint | undefined {
  for (const recognise of recognisers) {
    const complaint = recognise(stderr);
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}
