/**
 * The workflow file for the three flows: a pull request is checked, a push goes to dev, a tag promotes to production.
 * `workflow-release init` writes it; the files of test/act/workflows that are made from it run under act.
 */

/** What a workflow file says instead of the repository that this action is in. */
export const documentedAction = "your-org/workflow-release@v1";

/** Others' actions, at the commits that were tried. */
const checkout = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2";
const setupUv = "astral-sh/setup-uv@681c641aba71e4a1c380be3ab5e12ad51f415867 # v7.1.6";

export type Server =
  /** Bytes get there through its own program, which a push and a tag install. */
  | { readonly kind: "hosted" }
  /** `url`: https://HOST. */
  | { readonly kind: "own"; readonly url: string };

export interface WorkflowFileOptions {
  readonly server: Server;
  /** OWNER/NAME@REF of this action. */
  readonly action: string;
  /** Folder of the project, from the repository's root, with `/`; empty for the root. */
  readonly projectFolder: string;
  /** Of the file itself. */
  readonly name: string;
}

export function workflowFile({ server, action, projectFolder, name }: WorkflowFileOptions): string {
  return [
    `# .github/workflows/${name}`,
    "name: release",
    "on:",
    "  pull_request:",
    "  push:",
    "    branches: [main]",
    '    tags: ["v*"]',
    "permissions: {}",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub evaluates it
    "concurrency: release-${{ github.ref }}",
    "jobs:",
    "  release:",
    "    runs-on: ubuntu-latest",
    "    permissions:",
    "      contents: read",
    "      deployments: write",
    "      pull-requests: write",
    "    steps:",
    `      - uses: ${checkout}`,
    "        with:",
    "          persist-credentials: false",
    `      - uses: ${setupUv}`,
    "        with:",
    "          enable-cache: false",
    ...(server.kind === "hosted" ? installCli : []),
    `      - uses: ${action}`,
    "        with:",
    ...(projectFolder === "" ? [] : [`          project: ${JSON.stringify(projectFolder)}`]),
    ...(server.kind === "own" ? [`          api-url: ${server.url}`] : []),
    // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub evaluates it
    "          api-key: ${{ secrets.TILEBOX_API_KEY }}",
    ...(server.kind === "own" ? ["          create-workflow: true"] : []),
    `          release: ${onTag("existing", "auto")}`,
    "          dev-cluster: target:dev",
    `          production-cluster: ${onTag("target:production", "")}`,
    "",
  ].join("\n");
}

const installCli = [
  "      - if: github.event_name != 'pull_request'",
  "        run: |",
  "          curl -fsSL https://cli.tilebox.com/install.sh | sh",
  '          echo "$HOME/.local/bin" >> "$GITHUB_PATH"',
];

function onTag(tag: string, otherwise: string): string {
  return `\${{ startsWith(github.ref, 'refs/tags/') && '${tag}' || '${otherwise}' }}`;
}
