/**
 * What a second, plain import of the user's module has to say: where it fails, ends or hangs. The
 * worker itself prints one line without a place.
 *
 * User code can change anything in its process and may write into the report, so what comes back is
 * checked for its form and only ever used as text to show and paths to look for.
 */

export interface Frame {
  readonly file: string;
  readonly line: number;
}

export type ImportReport =
  | {
      readonly kind: "raised";
      /** Class names from the exception's own to BaseException. */
      readonly classes: readonly string[];
      readonly message: string;
      /** Outermost first. */
      readonly frames: readonly Frame[];
      /** ImportError: the module that is missing or from which a name is missing. */
      readonly module: string | undefined;
      /** OSError and SyntaxError: the file it is about. */
      readonly file: string | undefined;
      /** SyntaxError. */
      readonly position: { readonly line: number; readonly column: number } | undefined;
    }
  /** sys.exit or os._exit. */
  | { readonly kind: "exits"; readonly frames: readonly Frame[] }
  /** The import works; `runners` are the module's names that hold a Runner. */
  | { readonly kind: "imported"; readonly runners: readonly string[] }
  /** It was still running when its time was over, or a signal ended it; innermost first in Python's own words. */
  | { readonly kind: "stuck" | "crashed"; readonly frames: readonly Frame[] };

/**
 * Arguments: module, object path, report file, seconds. The report is one JSON object; when it hangs
 * or crashes, Python's fault handler, which needs no interpreter lock, writes FILE.trace instead.
 */
export const importProgram = `
import faulthandler, importlib, json, os, sys, traceback
module, target, report, seconds = sys.argv[1:5]
sys.argv = [sys.argv[0], module + ":" + target]
leave = os._exit
trace = open(report + ".trace", "w")
faulthandler.enable(trace)
faulthandler.dump_traceback_later(float(seconds), exit=True, file=trace)
def tell(facts, dumps=json.dumps, opened=open(report, "w", encoding="utf-8", errors="backslashreplace")):
    opened.write(dumps(facts))
    opened.flush()
    leave(0)
def frames(summary):
    return [[frame.filename, frame.lineno or 0] for frame in summary if frame.filename != "<string>"]
def exiting(status):
    tell({"kind": "exits", "frames": frames(traceback.extract_stack())})
os._exit = exiting
def text(value):
    return value if isinstance(value, str) else None
try:
    imported = importlib.import_module(module)
except SystemExit as error:
    tell({"kind": "exits", "frames": frames(traceback.extract_tb(error.__traceback__))})
except BaseException as error:
    syntax = isinstance(error, SyntaxError)
    tell({
        "kind": "raised",
        "classes": [kind.__name__ for kind in type(error).__mro__],
        "message": str(error),
        "frames": frames(traceback.extract_tb(error.__traceback__)),
        "module": text(getattr(error, "name", None)),
        "file": text(getattr(error, "filename", None)),
        "position": [error.lineno or 1, error.offset or 1] if syntax else None,
    })
runners = [name for name, value in vars(imported).items() if type(value).__name__ == "Runner"]
tell({"kind": "imported", "runners": [name for name in runners if isinstance(name, str)]})
`;

/** Reads a report; undefined when there is none or it has another form. */
export function parseImportReport(text: string): ImportReport | undefined {
  let facts: unknown;
  try {
    facts = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(facts)) return undefined;
  if (facts.kind === "exits") return { kind: "exits", frames: parseFrames(facts.frames) };
  if (facts.kind === "imported") return { kind: "imported", runners: strings(facts.runners) };
  if (facts.kind !== "raised" || typeof facts.message !== "string") return undefined;
  const position = Array.isArray(facts.position) ? facts.position.map(Number) : [];
  const [line, column] = position;
  return {
    kind: "raised",
    classes: strings(facts.classes),
    message: facts.message,
    frames: parseFrames(facts.frames),
    module: typeof facts.module === "string" ? facts.module : undefined,
    file: typeof facts.file === "string" ? facts.file : undefined,
    position:
      Number.isInteger(line) && Number.isInteger(column)
        ? { line: Number(line), column: Number(column) }
        : undefined,
  };
}

/**
 * Reads what the fault handler wrote. Of several threads the one that imports counts: the one with
 * our program, whose file name is "<string>", at its bottom.
 */
export function parseFaultTrace(text: string): ImportReport | undefined {
  const threads = text.split(/^(?=(?:Current thread|Thread) 0x)/m);
  const importing = threads.find((thread) => thread.includes('File "<string>"'));
  if (importing === undefined) return undefined;
  const frames = [...importing.matchAll(/^ {2}File "(.+)", line (\d+) in /gm)]
    .map(([, file, line]) => ({ file: file ?? "", line: Number(line) }))
    .filter(({ file }) => file !== "<string>");
  return { kind: text.startsWith("Timeout (") ? "stuck" : "crashed", frames: frames.toReversed() };
}

/** A traceback in what a program printed, for a command whose module we cannot import ourselves. */
export function parsePrintedTraceback(text: string): ImportReport | undefined {
  const start = text.lastIndexOf("Traceback (most recent call last):");
  if (start < 0) return undefined;
  const lines = text.slice(start).split(/\r?\n/);
  const frames = lines.flatMap((line) => {
    const frame = /^ {2}File "(.+)", line (\d+)/.exec(line);
    return frame === null ? [] : [{ file: frame[1] ?? "", line: Number(frame[2]) }];
  });
  const last = lines
    .map((line) => /^([A-Za-z_][\w.]*)(?:: (.*))?$/.exec(line))
    .find((match) => match !== null);
  if (last === undefined || last === null) return undefined;
  const name = last[1]?.split(".").at(-1) ?? "";
  const message = last[2] ?? "";
  const place = frames.at(-1);
  const syntax = name === "SyntaxError" || name === "IndentationError" || name === "TabError";
  return {
    kind: "raised",
    classes: name === "ModuleNotFoundError" ? [name, "ImportError"] : [name],
    message,
    frames,
    module: /^No module named '([^']+)'/.exec(message)?.[1] ?? /from '([^']+)'/.exec(message)?.[1],
    file: syntax ? place?.file : /No such file or directory: '([^']+)'/.exec(message)?.[1],
    position: syntax && place !== undefined ? { line: place.line, column: 1 } : undefined,
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
}

function parseFrames(value: unknown): Frame[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry): Frame[] => {
    if (!Array.isArray(entry)) return [];
    const [file, line] = entry as unknown[];
    return typeof file === "string" && Number.isInteger(line) ? [{ file, line: Number(line) }] : [];
  });
}
