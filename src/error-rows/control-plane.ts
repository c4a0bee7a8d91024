/** Running a control plane. */
import type { ErrorRow } from "./row.ts";

export const controlPlaneErrors = {
  "store-newer": {
    kind: "user",
    exit: "usage",
    rpc: "failed_precondition",
    next: "Start a version of workflow-release at least as new as the one that wrote this data.",
  },
  "store-busy": {
    kind: "system",
    exit: "system",
    rpc: "unavailable",
    next: "Another process uses this data folder; stop it or name another folder.",
  },
  "store-failed": {
    kind: "system",
    exit: "system",
    rpc: "unavailable",
    next: "Check the disk of the data folder (space, permissions), or the database and bucket used instead, then try again.",
  },
  "bucket-invalid": {
    kind: "user",
    exit: "usage",
    rpc: "failed_precondition",
    next: "Make the bucket, or correct --artifacts and the credentials.",
  },
  "data-not-found": {
    kind: "user",
    exit: "usage",
    rpc: "not_found",
    next: "Name the folder that `workflow-release serve --data` uses.",
  },
  "backup-invalid": {
    kind: "user",
    exit: "failed",
    rpc: "data_loss",
    next: "Restore another backup; this one is incomplete or damaged.",
  },
  "folder-not-empty": {
    kind: "user",
    exit: "usage",
    rpc: "failed_precondition",
    next: "Name a folder that is empty or does not exist.",
  },
  "listen-failed": {
    kind: "user",
    exit: "usage",
    rpc: "failed_precondition",
    next: "Choose another --port or --host.",
  },
  "auth-required": {
    kind: "user",
    exit: "usage",
    rpc: "failed_precondition",
    next: "Leave out --no-auth, or listen on a loopback address.",
  },
  "tls-invalid": {
    kind: "user",
    exit: "usage",
    rpc: "failed_precondition",
    next: "Give --tls-cert the PEM file of the certificate and its chain, and --tls-key that of its key.",
  },
} as const satisfies Record<string, ErrorRow>;
