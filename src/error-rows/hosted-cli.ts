/** Publishing through the hosted service's CLI. */
import type { ErrorRow } from "./row.ts";

export const hostedCliErrors = {
  "cli-missing": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: 'Install it in a step before this one: `curl -fsSL https://cli.tilebox.com/install.sh | sh`, then `echo "$HOME/.local/bin" >> "$GITHUB_PATH"`.',
  },
  "cli-too-old": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Install a newer tilebox: run its install script again, or `tilebox upgrade`.",
  },
  "cli-failed": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Run `tilebox workflow publish-release --json` in the project's folder; its last lines are above.",
  },
  "cli-answer-invalid": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Use a version of tilebox whose answer has the documented form; `tilebox agent-context workflow publish-release --output-schema` shows it. Nothing was deployed.",
  },
  "cli-content-differs": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Make [build] choose the same files for both, and remove what is generated from the checkout; then publish again.",
  },
  "cli-timeout": {
    kind: "system",
    exit: "system",
    rpc: "deadline_exceeded",
    next: "Run again; publishing the same content again finds the release.",
  },
} as const satisfies Record<string, ErrorRow>;
