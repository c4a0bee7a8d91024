/**
 * The one table of everything that can go wrong and what a person is told about it.
 *
 * A code is a closed word: it is the action's `failure-reason` output, the `code` of `--json`, the
 * anchor in the README and the reason a server sends beside an RPC code. "user" means that the
 * project, its configuration or the request must change; "system" means that it may work when it is
 * tried again or when a machine is mended.
 */

/** Names of Connect's status codes, as they stand on the wire in JSON. */
export type RpcCode =
  | "invalid_argument"
  | "not_found"
  | "already_exists"
  | "failed_precondition"
  | "unauthenticated"
  | "permission_denied"
  | "resource_exhausted"
  | "unavailable"
  | "deadline_exceeded"
  | "aborted"
  | "data_loss"
  | "unimplemented"
  | "internal";

/** What a process returns. Documented in the README; tests hold the numbers. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, system: 3, partial: 4, interrupted: 130 } as const;
export type ExitCode = keyof typeof exitCodes;

interface ErrorRow {
  readonly kind: "user" | "system";
  readonly exit: Exclude<ExitCode, "ok">;
  readonly rpc: RpcCode;
  /** What to do next, as an instruction. Shown after the message. */
  readonly next: string;
}

export const errorTable = {
  // Inputs and configuration
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

  // Choosing and packing files
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

  // The worker: starting it and what it reports
  "uv-missing": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Install uv: add a step `uses: astral-sh/setup-uv` before this one, or `pip install uv`.",
  },
  "command-missing": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Correct [workflow] command, or install the program it names.",
  },
  "command-failed": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Run [workflow] command in a fresh clone that holds only the files of the artifact; it must call serve_runner(runner) and stay up.",
  },
  "python-missing": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Install a Python that satisfies requires-python, or change requires-python.",
  },
  "lock-stale": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Run `uv lock` in the project and commit uv.lock.",
  },
  "environment-failed": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Make `uv run --locked python -V` work in a fresh clone that holds only the files of the artifact.",
  },
  "sdk-missing": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Add tilebox-workflows>=0.64 to the project's dependencies and run `uv lock`.",
  },
  "dependency-missing": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Add the package to the project's dependencies and run `uv lock`.",
  },
  "file-left-out": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Add the file to [build] include in tilebox.workflow.toml.",
  },
  "runner-not-found": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Point [workflow] runner at the module and object that hold the Runner, as `module:object`.",
  },
  "runner-wrong-type": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Point [workflow] runner at a tilebox.workflows.Runner object, not at a function or a client.",
  },
  "import-failed": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Mend the error at the line named above; the worker imports this module when it starts.",
  },
  "import-syntax": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Correct the syntax at the line named above.",
  },
  "import-circular": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Break the circle: move what both modules need into a third one, or import inside the function.",
  },
  "import-needs-api-key": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: 'Create clients inside the tasks or under `if __name__ == "__main__":`; a worker is imported without an API key.',
  },
  "import-needs-network": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Move the request out of module level into the tasks; use Runner, which needs no connection, instead of client.runner().",
  },
  "task-class-invalid": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Mend the task class at the line named above.",
  },
  "import-exits": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: 'Move the code that ends the process under `if __name__ == "__main__":`.',
  },
  "import-timeout": {
    kind: "user",
    exit: "failed",
    rpc: "deadline_exceeded",
    next: "Move slow work out of module level into the tasks, or raise `timeout-minutes`.",
  },
  "worker-start-timeout": {
    kind: "system",
    exit: "failed",
    rpc: "deadline_exceeded",
    next: "Look at the worker's last lines above; the environment or the package did not start.",
  },
  "worker-crashed": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Suspect a native library; run the command above by hand with PYTHONFAULTHANDLER=1.",
  },
  "worker-lost": {
    kind: "system",
    exit: "failed",
    rpc: "unavailable",
    next: "Look at the worker's last lines above; another worker is started for the next task.",
  },
  "worker-protocol": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Start the runtime with `serve_runner(runner)` of tilebox-workflows 0.53 or newer.",
  },
  "tasks-empty": {
    kind: "user",
    exit: "failed",
    rpc: "invalid_argument",
    next: "Register the project's tasks: Runner(tasks=[...]).",
  },
  "tasks-differ": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Build and publish the release again from the code that is to run, and deploy that.",
  },
  "tasks-invalid": {
    kind: "user",
    exit: "failed",
    rpc: "invalid_argument",
    next: "Give each task one identifier: 1 to 256 printable characters, and a version vMAJOR.MINOR in ASCII digits.",
  },

  // Talking to a control plane
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

  // Publishing through the hosted service's CLI
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

  // Workflows, releases, clusters
  "request-invalid": {
    kind: "user",
    exit: "failed",
    rpc: "invalid_argument",
    next: "Correct the fields named above.",
  },
  "workflow-not-found": {
    kind: "user",
    exit: "failed",
    rpc: "not_found",
    next: "Create the workflow first, or set create-workflow: true.",
  },
  "release-not-found": { kind: "user", exit: "failed", rpc: "not_found", next: "Publish the release first." },
  "cluster-not-found": {
    kind: "user",
    exit: "failed",
    rpc: "not_found",
    next: "Create the cluster, or name one that exists.",
  },
  "key-not-found": {
    kind: "user",
    exit: "failed",
    rpc: "not_found",
    next: "Name a key that `workflow-release key list` shows.",
  },
  "artifact-not-found": {
    kind: "user",
    exit: "failed",
    rpc: "not_found",
    next: "Upload the artifact first.",
  },
  "artifact-busy": {
    kind: "system",
    exit: "system",
    rpc: "unavailable",
    next: "Try again in a moment, then it can be uploaded anew.",
  },
  "job-failed": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Mend the task named above, deploy the fix to the same cluster, then `workflow-release job retry ID`.",
  },
  "job-not-found": { kind: "user", exit: "failed", rpc: "not_found", next: "Check the job's id." },
  "task-not-found": { kind: "user", exit: "failed", rpc: "not_found", next: "Check the task's id." },
  "artifact-mismatch": {
    kind: "user",
    exit: "failed",
    rpc: "invalid_argument",
    next: "Upload the bytes that have this digest.",
  },
  "already-exists": { kind: "user", exit: "failed", rpc: "already_exists", next: "Choose another slug." },
  "cluster-protected": {
    kind: "user",
    exit: "failed",
    rpc: "invalid_argument",
    next: "The default cluster stays; delete another one.",
  },
  "cluster-in-use": {
    kind: "user",
    exit: "failed",
    rpc: "invalid_argument",
    next: "Undeploy its releases and finish or cancel its jobs first.",
  },
  "release-deployed": {
    kind: "user",
    exit: "failed",
    rpc: "invalid_argument",
    next: "Undeploy the release from its clusters first.",
  },
  "deployment-changed": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Look at who changed it (`workflow-release history`), then run again.",
  },
  "drift-found": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Run the release workflow again to deploy what should be there, or take what is there into tilebox.workflow.toml.",
  },
  "contract-broken": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Raise the major version of the tasks named above and keep their earlier one registered until its jobs are done, or allow it (allow: breaking; for the check of a pull request also by a label of this name).",
  },
  "promotion-unproven": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Do what is named above and run again, or promote without proof (allow: unproven).",
  },
  "commit-older": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Deploy a commit that has the deployed one in its history; to go back, use release: previous; to deploy this one nevertheless, allow it (allow: older).",
  },
  "publish-mismatch": {
    kind: "system",
    exit: "system",
    rpc: "data_loss",
    next: "Do not deploy this release; report what differs to whoever runs the control plane.",
  },
  "gate-failed": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Mend what the gate says, then run again.",
  },
  "deploy-incomplete": {
    kind: "system",
    exit: "partial",
    rpc: "aborted",
    next: "The table above says which clusters have which release; run again to finish.",
  },
  "deploy-mismatch": {
    kind: "system",
    exit: "system",
    rpc: "data_loss",
    next: "The control plane took the deployment, but the cluster does not have it: look at the control plane's log, then run again.",
  },
  "rollback-incomplete": {
    kind: "system",
    exit: "partial",
    rpc: "aborted",
    next: "The clusters named above do not have their previous release: look at them, and put it back with `workflow-release deploy --release ID --allow older`.",
  },
  "previous-refused": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Choose a release yourself: `workflow-release deploy --release ID --allow older`.",
  },
  "plan-changed": {
    kind: "user",
    exit: "failed",
    rpc: "failed_precondition",
    next: "Look at what has moved, then plan again and deploy with the new plan.",
  },

  // Running a control plane
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

  // Anything
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

export type ErrorCode = keyof typeof errorTable;
type CodeOfKind<Kind extends ErrorRow["kind"]> = {
  [C in ErrorCode]: (typeof errorTable)[C]["kind"] extends Kind ? C : never;
}[ErrorCode];
export type UserErrorCode = CodeOfKind<"user">;
export type SystemErrorCode = CodeOfKind<"system">;
