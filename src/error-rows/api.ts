/** Talking to a control plane. */
import type { ErrorRow } from "./row.ts";

export const apiErrors = {
  "api-url-invalid": {
    kind: "user",
    exit: "usage",
    rpc: "invalid_argument",
    next: "Set api-url to https://HOST; http:// is for loopback addresses only.",
  },
  "api-key-missing": {
    kind: "user",
    exit: "usage",
    rpc: "unauthenticated",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is what a person writes in a workflow file
    next: "Pass api-key: ${{ secrets.TILEBOX_API_KEY }}, or set TILEBOX_API_KEY.",
  },
  unauthenticated: {
    kind: "user",
    exit: "failed",
    rpc: "unauthenticated",
    next: "Check that the API key is the one of this control plane and has not been revoked.",
  },
  "permission-denied": {
    kind: "user",
    exit: "failed",
    rpc: "permission_denied",
    next: "Use an API key that may do this.",
  },
  "api-unreachable": {
    kind: "system",
    exit: "system",
    rpc: "unavailable",
    next: "Check api-url and the network, then run again; what was done is not done twice.",
  },
  "api-timeout": {
    kind: "system",
    exit: "system",
    rpc: "deadline_exceeded",
    next: "Run again; what was done is not done twice.",
  },
  "api-limit": {
    kind: "system",
    exit: "system",
    rpc: "resource_exhausted",
    next: "Wait and run again, or raise the limit named above.",
  },
  "api-failed": {
    kind: "system",
    exit: "system",
    rpc: "internal",
    next: "Look at the control plane's log, then run again.",
  },
  "tls-required": {
    kind: "user",
    exit: "usage",
    rpc: "failed_precondition",
    next: "Begin the control plane's URL with https://.",
  },
  "api-unsupported": {
    kind: "user",
    exit: "failed",
    rpc: "unimplemented",
    next: "Use a control plane that offers this call.",
  },
} as const satisfies Record<string, ErrorRow>;
