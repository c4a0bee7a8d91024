// Builds dist/ from src/. The folder is wiped first, so that what is committed is what this makes.
import { rmSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build, type Plugin, transform } from "esbuild";
import { embeddedDescriptors } from "./embedded-descriptors.ts";
import { packChunks } from "./pack-chunks.ts";

const root = join(import.meta.dirname, "..");
const outputFolder = resolve(process.argv[2] ?? join(root, "dist"));

interface LazyImport {
  /** The end of its path. */
  readonly file: string;
  readonly statement: string;
  readonly call: string;
  readonly lazyCall: string;
}

/**
 * What `@actions/core` imports at start for functions that this action never calls, or only once the first line is
 * out: an OIDC client with an HTTP stack (40 ms), crypto (5 ms), child processes (2 ms); commander has the last, too,
 * for commands that are programs of their own. The imports are moved to the calls.
 */
const lazyImports: readonly LazyImport[] = [
  {
    file: "@actions/core/lib/core.js",
    statement: "import { OidcClient } from './oidc-utils.js';",
    call: "OidcClient.getIDToken(aud)",
    lazyCall: 'import("./oidc-utils.js").then((oidc) => oidc.OidcClient.getIDToken(aud))',
  },
  {
    file: "@actions/core/lib/file-command.js",
    statement: "import * as crypto from 'crypto';",
    call: "crypto.randomUUID()",
    lazyCall: 'process.getBuiltinModule("node:crypto").randomUUID()',
  },
  {
    file: "@actions/core/lib/platform.js",
    statement: "import * as exec from '@actions/exec';",
    call: "exec.getExecOutput(",
    lazyCall: '(yield import("@actions/exec")).getExecOutput(',
  },
  {
    file: "commander/lib/command.js",
    statement: "import childProcess from 'node:child_process';",
    call: "childProcess.spawn(",
    lazyCall: 'process.getBuiltinModule("node:child_process").spawn(',
  },
];

const lazyModules: Plugin = {
  name: "lazy-modules",
  setup(builder) {
    builder.onLoad(
      { filter: /(?:@actions[\\/]core|commander)[\\/]lib[\\/][\w-]+\.js$/ },
      async ({ path }) => {
        const lazy = lazyImports.find(({ file }) => path.replaceAll("\\", "/").endsWith(`/${file}`));
        if (lazy === undefined) return undefined;
        const source = await readFile(path, "utf8");
        for (const text of [lazy.statement, lazy.call]) {
          if (!source.includes(text))
            throw new Error(`${path} no longer has "${text}", as .ci/bundle.ts expects`);
        }
        const contents = source.replace(lazy.statement, "").replaceAll(lazy.call, lazy.lazyCall);
        return { contents, loader: "js" };
      },
    );
  },
};

rmSync(outputFolder, { recursive: true, force: true });
const { metafile } = await build({
  // The names of chunks depend on the paths of their sources as seen from here.
  absWorkingDir: root,
  entryPoints: {
    index: join(root, "src/main.ts"),
    post: join(root, "src/post.ts"),
    cli: join(root, "src/cli.ts"),
  },
  outdir: outputFolder,
  bundle: true,
  splitting: true,
  minify: true,
  format: "esm",
  platform: "node",
  target: "node24",
  legalComments: "linked",
  chunkNames: "chunks/[name]-[hash]",
  plugins: [lazyModules, embeddedDescriptors],
  metafile: true,
  logLevel: "warning",
});

/**
 * esbuild splits ES modules alone, and Node starts CommonJS faster: a chunk takes it half the time, and importing a
 * module of Node's own reads everything that it exports, which for node:http loads an HTTP client.
 */
async function toCommonJs(path: string): Promise<void> {
  const { code } = await transform(await readFile(path, "utf8"), {
    format: "cjs",
    platform: "node",
    target: "node24",
    minify: true,
    supported: { "dynamic-import": false },
  });
  await writeFile(path, code);
}

for (const name of await readdir(outputFolder, { recursive: true })) {
  if (name.endsWith(".js")) await toCommonJs(join(outputFolder, name));
}
await packChunks(metafile, root, outputFolder, [
  { name: "action", sources: ["src/main.ts"] },
  { name: "command", sources: ["src/cli.ts"] },
  { name: "check", sources: ["src/cli/build.ts"] },
  {
    name: "run",
    sources: [
      "src/project/find-projects.ts",
      "src/action/project-runs.ts",
      "src/report/run-report.ts",
      "src/report/annotations.ts",
    ],
  },
  {
    name: "build",
    sources: [
      "src/pipeline.ts",
      "src/stages/real-stages.ts",
      "src/project/load.ts",
      "src/build/pack-project.ts",
      "src/build/cached-build.ts",
      "src/build/cache/open-cache.ts",
      "src/build/cache/local-store.ts",
    ],
  },
  {
    name: "api",
    sources: [
      "src/api/client.ts",
      "src/api/gen/workflows/v1/workflows_pb.ts",
      "src/release/published-content.ts",
    ],
  },
]);
await writeFile(join(outputFolder, "package.json"), '{ "type": "commonjs" }\n');
