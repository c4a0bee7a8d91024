/** What can end anything. */
import type { ErrorRow } from "./row.ts";

export const anyErrors = {
  interrupted: { kind: "system", exit: "interrupted", rpc: "aborted", next: "Run again to finish." },
  "timed-out": {
    kind: "system",
    exit: "system",
    rpc: "deadline_exceeded",
    next: "Raise timeout-minutes, or run again.",
  },
  internal: {
    kind: "system",
    exit: "system",
    rpc: "internal",
    next: "This is a defect of workflow-release; please report it with the text above.",
  },
} as const satisfies Record<string, ErrorRow>;
