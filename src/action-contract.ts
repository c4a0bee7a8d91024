/**
 * The action's inputs and outputs, declared once. action.yml and the reference tables of the README
 * are generated from this file (`npm run generate`), and src/inputs/ reads nothing that is not here.
 */

interface InputRow {
  readonly description: string;
  /** Written to action.yml; an empty string means that the input has no default. */
  readonly default: string;
}

export const actionInputs = {
  project: {
    description:
      "Folder of the project; tilebox.workflow.toml is looked for there and in its parents. Several folders, or globs " +
      "for folders that have the file, one a line: each is a run of its own, and one failure hides no other result.",
    default: ".",
  },
  release: {
    description:
      "`auto` uses the release that has exactly this content where there is one, and builds and publishes one " +
      "otherwise. `existing` demands that there is one, and an id names one: nothing is built, and with " +
      "`production-cluster` it is a promotion, which the dev clusters prove. `previous` gives each cluster its own " +
      "previous release back.",
    default: "auto",
  },
  publish: {
    description:
      "`auto` publishes on push, tag, release, schedule and manual runs when there is an API key, and only builds " +
      "otherwise; `true` demands a key; `false` only builds; `check` builds and changes nothing, and fails when a " +
      "cluster has something else than this repository's runs deployed last, or than [targets] ask for.",
    default: "auto",
  },
  "dev-cluster": {
    description:
      "Cluster slugs to deploy to first, separated by commas or newlines. `target:NAME` stands for the clusters " +
      "of [targets.NAME].",
    default: "",
  },
  "production-cluster": {
    description:
      "Cluster slugs to deploy to after every dev cluster has the release. Same form as `dev-cluster`.",
    default: "",
  },
  "api-url": {
    description:
      "Address of the control plane. Defaults to TILEBOX_API_URL, then to https://api.tilebox.com.",
    default: "",
  },
  "api-key": {
    description: "Key for the control plane, from a secret. Defaults to TILEBOX_API_KEY.",
    default: "",
  },
  "create-workflow": {
    description: "`true` creates the workflow when the control plane has none with this slug.",
    default: "false",
  },
  gate: {
    description:
      "What must hold on each cluster before the roll-out goes on, separated by commas or newlines: `ready` (a runner " +
      "has loaded the release), `smoke` (the `smoke-task` completes there), `replay: JOBS` or `replay: JOBS of CLUSTER` " +
      "(the newest completed production jobs complete on dev), `soak: MINUTES` (no task fails for so long).",
    default: "",
  },
  "on-failure": {
    description:
      "What becomes of the clusters that a failed run has changed: `rollback` gives each its own previous release " +
      "back, `leave` leaves them. Defaults to `rollback` when there is a production cluster, else to `leave`.",
    default: "",
  },
  plan: {
    description:
      "`only` makes a plan, puts it out and changes nothing. Else what the deployment must still be, or it is refused: " +
      "the hash of a plan, or the file that an earlier job or `workflow-release plan --json` wrote.",
    default: "",
  },
  "smoke-task": {
    description:
      "A job to rehearse from the exact artifact before anything is published, on a control plane of its own: " +
      "`NAME@VERSION`, then its input as JSON or as `file:PATH` of a file in the repository.",
    default: "",
  },
  allow: {
    description:
      "What is not refused, but reported all the same, separated by commas or newlines: `breaking`, a task contract " +
      "that breaks jobs which exist already; `older`, a commit that is not newer than the one that is deployed; " +
      "`unproven`, a promotion without proof from the dev clusters. A pull request's label `allow: breaking` does " +
      "the same for its check.",
    default: "",
  },
  cache: {
    description:
      "`auto` takes what a build of the same content found from GitHub's cache, but not on a tag push, release, " +
      "pull_request_target or workflow_run; `true` does so on every event; `false` never.",
    default: "auto",
  },
  report: {
    description:
      "Where the run is reported beside its log: any of summary, comment, annotations, deployments, or none. What " +
      "the token does not permit is left out with a notice.",
    default: "summary, comment, annotations, deployments",
  },
  "github-token": {
    description:
      "Token for the pull request's comment (pull-requests: write) and the GitHub Deployments (deployments: write).",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub evaluates it
    default: "${{ github.token }}",
  },
  matrix: {
    description: "Tells the jobs of a matrix apart in the comment; GitHub fills it in.",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub evaluates it
    default: "${{ toJSON(matrix) }}",
  },
  "timeout-minutes": {
    description: "Limit for the whole run, in minutes (1 to 360).",
    default: "15",
  },
} as const satisfies Record<string, InputRow>;

export type InputName = keyof typeof actionInputs;

/** Set on success and on failure, as far as the run came; a value that is not known is an empty string. */
export const actionOutputs = {
  "workflow-slug": "Slug of the workflow.",
  "release-id": "Id of the published release.",
  fingerprint: "sha256 over file tree, entry point and task identifiers.",
  "artifact-digest": "sha256 of the uncompressed tar: the address of the release's content.",
  "artifact-path": "Path of the .tar.zst archive.",
  tasks: 'Discovered tasks as JSON: [{"name": "...", "version": "v1.0"}].',
  published: "`created`, `reused` or `skipped`.",
  changed: "`true` when a release was created or a cluster changed.",
  plan: "What the run set out to do to each cluster and its jobs, as JSON.",
  "plan-hash": "sha256 of the plan: what a later run's `plan` can hold it to.",
  deployments: 'JSON, one entry a cluster: [{"cluster", "stage", "before", "after", "outcome"}].',
  projects:
    'JSON, one entry a project: [{"path", "workflow-slug", "release-id", "published", "failure-reason", ...}]. ' +
    "With several projects the outputs above are empty, but for `changed`.",
  "report-path": "Path of a JSON file with everything about the run.",
  "failure-reason": "Why the run failed, one word of the closed set under Troubleshooting; empty on success.",
} as const;

export type OutputName = keyof typeof actionOutputs;
