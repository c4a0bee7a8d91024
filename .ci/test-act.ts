/**
 * Runs test/act: the action and every documented workflow under act, actionlint and zizmor. They are
 * fetched into .cache, which is why this is not part of `npm test`.
 */
import { spawnSync } from "node:child_process";
import { delimiter } from "node:path";
import { installFromPyPI, installOnce, projectRoot, run, runs } from "./cached-tools.mjs";

const goTools = [
  { name: "actionlint", version: "1.7.12", source: "github.com/rhysd/actionlint/cmd/actionlint" },
  { name: "act", version: "0.2.89", source: "github.com/nektos/act" },
] as const;
const zizmorVersion = "1.32.0";

function goToolFolder({ name, version, source }: (typeof goTools)[number]): string {
  return installOnce(`${name}-${version}`, (staging) => {
    if (!runs("go", ["version"])) {
      throw new Error(
        `${name} is built from source and Go is not on PATH. Install Go 1.24 or newer and run this again.`,
      );
    }
    console.log(`Building ${name} ${version}`);
    run("go", ["install", `${source}@v${version}`], {
      what: `Building ${name} ${version}`,
      env: { ...process.env, GOBIN: staging },
    });
  });
}

try {
  const folders = [...goTools.map(goToolFolder), installFromPyPI("zizmor", zizmorVersion)];
  const tests = spawnSync(process.execPath, ["--test", "--test-timeout=300000", "test/act/**/*.test.ts"], {
    cwd: projectRoot,
    stdio: "inherit",
    env: { ...process.env, PATH: [...folders, process.env.PATH].join(delimiter) },
  });
  process.exitCode = tests.status ?? 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
