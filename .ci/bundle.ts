// Builds dist/ from src/. The folder is wiped first, so that what is committed is what this makes.
import { rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";

const root = join(import.meta.dirname, "..");
const outputFolder = process.argv[2] ?? join(root, "dist");

/**
 * `@actions/core` imports its OIDC client, and with it an HTTP stack, at start: 40 ms for a function that
 * this action never calls. The import is moved to the call.
 */
const lazyOidc: Plugin = {
  name: "lazy-oidc",
  setup(builder) {
    builder.onLoad({ filter: /@actions[\\/]core[\\/]lib[\\/]core\.js$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const statement = /^import \{ OidcClient \} from ["']\.\/oidc-utils\.js["'];$/m;
      if (!statement.test(source))
        throw new Error(`${path} no longer imports OidcClient as .ci/bundle.ts expects`);
      const contents = source
        .replace(statement, "")
        .replace(
          /OidcClient\.getIDToken\(aud\)/,
          'import("./oidc-utils.js").then((oidc) => oidc.OidcClient.getIDToken(aud))',
        );
      return { contents, loader: "js" };
    });
  },
};

rmSync(outputFolder, { recursive: true, force: true });
await build({
  // The names of chunks depend on the paths of their sources as seen from here.
  absWorkingDir: root,
  entryPoints: { index: join(root, "src/main.ts"), cli: join(root, "src/cli.ts") },
  outdir: outputFolder,
  bundle: true,
  splitting: true,
  minify: true,
  format: "esm",
  platform: "node",
  target: "node24",
  legalComments: "linked",
  chunkNames: "chunks/[name]-[hash]",
  // CommonJS dependencies inside an ES module call require for Node's own modules.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  plugins: [lazyOidc],
  logLevel: "warning",
});
