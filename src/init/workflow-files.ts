/**
 * The workflow files for GitHub, one a flow: a pull request is checked, a push goes to dev, a tag promotes what dev has
 * proven to production. `workflow-release init` writes them, and those of test/act/workflows, which README.md shows,
 * are the same text: nobody is shown a file that was not run.
 */

/** What a workflow file says instead of the repository that this action is in. */
export const documentedAction = "your-org/workflow-release@v1";

/** Others' actions, at the commits that were tried. */
const checkout = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2";
const setupUv = "astral-sh/setup-uv@681c641aba71e4a1c380be3ab5e12ad51f415867 # v7.1.6";

export type Server =
  /** Bytes get there through its own program, which a push installs. */
  | { readonly kind: "hosted" }
  /** `url`: https://HOST; undefined leaves it to TILEBOX_API_URL. */
  | { readonly kind: "own"; readonly url: string | undefined };

export interface WorkflowOptions {
  readonly server: Server;
  /** OWNER/NAME@REF of this action. */
  readonly action: string;
  /** Folder of the project, from the repository's root, with `/`; empty for the root. */
  readonly projectFolder: string;
  /** Tells the files of several projects apart; empty for the only one. */
  readonly suffix: string;
  readonly createWorkflow: boolean;
  /** The input `smoke-task`. */
  readonly smokeTask: string | undefined;
  /** The input `gate` of a push and of a promotion. */
  readonly gates: { readonly push: string; readonly promotion: string } | undefined;
}

export interface WorkflowFile {
  /** In .github/workflows. */
  readonly name: string;
  readonly text: string;
}

export function workflowFiles(options: WorkflowOptions): readonly WorkflowFile[] {
  return [
    fileOf("check", options, checkFlow(options)),
    fileOf("release", options, releaseFlow(options)),
    fileOf("promote", options, promoteFlow(options)),
  ];
}

function fileOf(flow: string, { suffix }: WorkflowOptions, lines: readonly string[]): WorkflowFile {
  const name = `${flow}${suffix}.yml`;
  return { name, text: [`# .github/workflows/${name}`, `name: ${flow}${suffix}`, ...lines, ""].join("\n") };
}

function checkFlow(options: WorkflowOptions): string[] {
  return [
    "on:",
    "  pull_request:",
    "    types: [opened, synchronize, reopened, labeled, unlabeled]",
    "  merge_group:",
    "permissions:",
    "  contents: read",
    "  pull-requests: write # the comment",
    "concurrency:",
    `  group: check${options.suffix}-${expression("github.ref")}`,
    "  cancel-in-progress: true",
    "jobs:",
    "  check:",
    "    runs-on: ubuntu-latest",
    "    steps:",
    ...checkoutSteps,
    ...uvSteps,
    ...actionStep(options, optional("smoke-task", options.smokeTask && quoted(options.smokeTask))),
  ];
}

function releaseFlow(options: WorkflowOptions): string[] {
  const { server, suffix, createWorkflow, smokeTask, gates } = options;
  return [
    "on:",
    "  push:",
    "    branches: [main]",
    ...deployingJob("release", `release${suffix}`, "development", " # one GitHub Deployment a cluster"),
    ...checkoutSteps,
    ...uvSteps,
    ...(server.kind === "hosted" ? installCli : []),
    ...actionStep(options, [
      ...connection(options),
      ...(createWorkflow ? ["create-workflow: true"] : []),
      "dev-cluster: target:dev",
      ...optional("smoke-task", smokeTask && quoted(smokeTask)),
      ...optional("gate", gates?.push),
    ]),
  ];
}

function promoteFlow(options: WorkflowOptions): string[] {
  const { suffix, gates } = options;
  return [
    "on:",
    "  push:",
    '    tags: ["v*"]',
    "  workflow_dispatch:",
    "    inputs:",
    "      release:",
    "        description: Id of the release; without one, the release with the content of the commit",
    "        required: false",
    ...deployingJob("promote", `production${suffix}`, "production", ""),
    ...checkoutSteps,
    ...actionStep(options, [
      ...connection(options),
      `release: ${expression("inputs.release || 'existing'")}`,
      "dev-cluster: target:dev",
      "production-cluster: target:production",
      ...optional("gate", gates?.promotion),
    ]),
  ];
}

function deployingJob(job: string, group: string, environment: string, why: string): string[] {
  return [
    "permissions:",
    "  contents: read",
    `  deployments: write${why}`,
    "concurrency:",
    `  group: ${group}`,
    "  cancel-in-progress: false",
    "jobs:",
    `  ${job}:`,
    "    runs-on: ubuntu-latest",
    `    environment: ${environment}`,
    "    steps:",
  ];
}

const checkoutSteps = [`      - uses: ${checkout}`, "        with:", "          persist-credentials: false"];

const uvSteps = [`      - uses: ${setupUv}`, "        with:", "          enable-cache: false"];

const installCli = [
  "      - run: |",
  "          curl -fsSL https://cli.tilebox.com/install.sh | sh",
  '          echo "$HOME/.local/bin" >> "$GITHUB_PATH"',
];

function actionStep({ action, projectFolder }: WorkflowOptions, inputs: readonly string[]): string[] {
  const project = projectFolder === "" ? [] : [`project: ${quoted(projectFolder)}`];
  const all = [...project, ...inputs];
  const use = `      - uses: ${action}`;
  return all.length === 0 ? [use] : [use, "        with:", ...all.map((input) => `          ${input}`)];
}

function connection({ server }: WorkflowOptions): string[] {
  const url = server.kind === "own" ? server.url : undefined;
  return [...optional("api-url", url), `api-key: ${expression("secrets.TILEBOX_API_KEY")}`];
}

function optional(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${name}: ${value}`];
}

/** In YAML only the quote itself is special between single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function expression(text: string): string {
  return `\${{ ${text} }}`;
}
