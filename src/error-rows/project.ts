/** Inputs, configuration, and choosing and packing files. */
import type { ErrorRow } from "./row.ts";

export const projectErrors = {
  "input-invalid": {
    kind: "user",
    exit: "usage",
    rpc: "invalid_argument",
    next: "Correct the inputs named above.",
  },
  "config-not-found": {
    kind: "user",
    exit: "usage",
    rpc: "not_found",
    next: "Create tilebox.workflow.toml in the project's folder, or point `project` at the folder that has it.",
  },
  "config-invalid": {
    kind: "user",
    exit: "usage",
    rpc: "invalid_argument",
    next: "Correct tilebox.workflow.toml at the lines named above.",
  },
  "clusters-invalid": {
    kind: "user",
    exit: "usage",
    rpc: "invalid_argument",
    next: "Correct the cluster inputs or the [targets] they name.",
  },
  "files-invalid": {
    kind: "user",
    exit: "failed",
    rpc: "invalid_argument",
    next: "Rename, remove or exclude the files named above.",
  },
  "files-changed": {
    kind: "system",
    exit: "failed",
    rpc: "aborted",
    next: "Run again while nothing writes into the project.",
  },
  "artifact-too-large": {
    kind: "user",
    exit: "failed",
    rpc: "resource_exhausted",
    next: "Leave data, models and generated files out with [build] exclude; a release holds code and small configuration.",
  },
  "artifact-invalid": {
    kind: "user",
    exit: "failed",
    rpc: "invalid_argument",
    next: "Build the artifact again; do not use the one that was refused.",
  },
  "disk-failed": {
    kind: "system",
    exit: "system",
    rpc: "unavailable",
    next: "Check the disk (space, permissions) at the path named above, then run again.",
  },
} as const satisfies Record<string, ErrorRow>;
