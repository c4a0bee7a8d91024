/** Which row of the error table an exception at import belongs to. Pure: decided by its classes and its words. */
import type { UserErrorCode } from "../error-table.ts";
import type { ImportReport } from "./import-report.ts";

export type Raised = Extract<ImportReport, { kind: "raised" }>;

/** What must be known about the project beside the exception. */
export interface ImportedProject {
  /** The module of [workflow] runner, dotted; undefined for a command. */
  readonly module: string | undefined;
  /** Whether the artifact holds a package or module of this top name. */
  hasPackage(top: string): boolean;
}

const taskRules: readonly (readonly [RegExp, UserErrorCode])[] = [
  [
    /^(?:Duplicate task identifier|Invalid version string|A task name is required|The task name is too long)/,
    "tasks-invalid",
  ],
  [
    /^Failed to invoke .*identifier\(\)|is not executable\. It must have an execute method|^Expected a function signature of|to not have a return value!|is not a task!/,
    "task-class-invalid",
  ],
];

const networkClasses =
  /^(?:URLError|gaierror|ConnectionError|ConnectTimeout|ConnectError|NewConnectionError|MaxRetryError|NetworkError|TimeoutError)$/;
const networkWords =
  /network error when requesting|Name or service not known|Temporary failure in name resolution|nodename nor servname|getaddrinfo failed|Connection refused|Network is unreachable|failed to connect to all addresses/;

export function troubleCode(raised: Raised, project: ImportedProject): UserErrorCode {
  const { classes, message, module } = raised;
  if (classes.includes("SyntaxError")) return "import-syntax";
  if (message.includes("partially initialized module")) return "import-circular";
  if (classes.includes("ModuleNotFoundError") && module !== undefined)
    return missingModuleCode(module, project);
  if (message.includes("No API key provided")) return "import-needs-api-key";
  for (const [words, code] of taskRules) if (words.test(message)) return code;
  if (classes.some((name) => networkClasses.test(name)) || networkWords.test(message))
    return "import-needs-network";
  return "import-failed";
}

function missingModuleCode(module: string, project: ImportedProject): UserErrorCode {
  const wanted = project.module;
  if (wanted !== undefined && (wanted === module || wanted.startsWith(`${module}.`)))
    return "runner-not-found";
  const [top = ""] = module.split(".");
  if (top === "tilebox") return "sdk-missing";
  return project.hasPackage(top) ? "import-failed" : "dependency-missing";
}
