/** Packing against `tar | zstd`, side by side: choosing files, tar, manifest, digest, zstd and fingerprint. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const rounds = 9;

/** Prints ratios, medians of pairs that ran one after the other. Needs GNU tar and zstd on PATH. */
export async function benchBuild(): Promise<void> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "bench-build-"));
  try {
    const pack = await bundlePack(folder);
    const empty = join(folder, "empty.mjs");
    writeFileSync(empty, "");
    for (const fileCount of [20_000, 300]) {
      const project = join(folder, `project-${fileCount}`);
      writeProject(project, fileCount);
      const archive = join(folder, "out.tar.zst");
      const runs = {
        "tar | zstd -3": () => spawnSync("sh", ["-c", tarAndZstd(project, join(folder, "base.tar.zst"))]),
        "empty node": () => spawnSync(process.execPath, [empty]),
        "our pack": () => spawnSync(process.execPath, [pack, project, archive]),
      };
      const times = measure(runs);
      const last = runs["our pack"]();
      if (last.status !== 0) throw new Error(`The pack failed: ${last.stderr}`);
      const { tarSizeBytes, peakBytes, files } = JSON.parse(String(last.stdout));
      console.log(`\n${files} files, a tar of ${mebibytes(tarSizeBytes)}:`);
      for (const [name, all] of Object.entries(times)) {
        console.log(`  ${name.padEnd(14)} ${median(all).toFixed(0).padStart(6)} ms`);
      }
      const pairs = (other: keyof typeof runs, compare: (ours: number, theirs: number) => number) =>
        median(times["our pack"].map((ours, round) => compare(ours, times[other][round] ?? Number.NaN)));
      console.log(`  against tar | zstd -3: ${pairs("tar | zstd -3", (a, b) => a / b).toFixed(2)} times`);
      console.log(`  more than an empty node: ${pairs("empty node", (a, b) => a - b).toFixed(0)} ms`);
      console.log(
        `  peak memory: ${mebibytes(peakBytes)}, ${(peakBytes / tarSizeBytes).toFixed(2)} times the tar`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function measure<Name extends string>(
  runs: Record<Name, () => { status: number | null }>,
): Record<Name, number[]> {
  const names = Object.keys(runs) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const started = performance.now();
      const { status } = runs[name]();
      if (status !== 0) throw new Error(`${name} ended with ${status}`);
      // The first round only warms the page cache.
      if (round >= 0) times[name].push(performance.now() - started);
    }
  }
  return times;
}

function tarAndZstd(project: string, archive: string): string {
  const same =
    "--sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --exclude-vcs --exclude=__pycache__";
  return `tar ${same} -cf - -C '${project}' . | zstd -3 -q -f -o '${archive}'`;
}

/** As dist/ is made: TypeScript that Node strips by itself would cost 30 ms that no user pays. */
async function bundlePack(folder: string): Promise<string> {
  const require =
    "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  await build({
    entryPoints: [fileURLToPath(new URL("pack-once.ts", import.meta.url))],
    outdir: join(folder, "bundle"),
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    platform: "node",
    outExtension: { ".js": ".mjs" },
    banner: { js: require },
    logLevel: "warning",
  });
  return join(folder, "bundle/pack-once.mjs");
}

/** Python-like text of 2.4 KB on average, and a twentieth as many excluded ones, committed to a repository. */
function writeProject(folder: string, fileCount: number): void {
  const random = createRandom(7);
  const write = (path: string, text: string | Uint8Array) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (let file = 0; file < fileCount; file++) {
    const place = `package_${Math.floor(file / 20) % 20}/module_${Math.floor(file / 400)}`;
    write(`${place}/file_${file}.py`, sourceText(Math.ceil(-Math.log(1 - random()) * 2400) + 50, random));
    if (file % 20 === 0) write(`${place}/__pycache__/file_${file}.pyc`, Buffer.alloc(1500, file));
  }
  write("pyproject.toml", '[project]\nname = "bench"\n');
  write(".gitignore", "__pycache__/\n*.pyc\n.venv/\n.env\nbuild/\ndist/\n*.tar.zst\n");
  write(
    "tilebox.workflow.toml",
    `[workflow]
slug = "bench"
runner = "package_0.runner:runner"

[build]
include = ["package_*/**", "pyproject.toml"]
exclude = [".venv/**", "**/__pycache__/**", "**/*.pyc", ".pytest_cache/**"]
`,
  );
  const git = (...args: string[]) => execFileSync("git", ["-C", folder, ...args], { stdio: "ignore" });
  git("init", "--quiet");
  git("add", "--all");
  git(
    "-c",
    "user.name=bench",
    "-c",
    "user.email=bench@example.org",
    "commit",
    "--quiet",
    "--message",
    "Add files",
  );
}

const words =
  "import from def class self return for in if else with as await raise context submit task scene band tile array".split(
    " ",
  );

function sourceText(length: number, random: () => number): string {
  let text = "";
  while (text.length < length) {
    text += words[Math.floor(random() * words.length)];
    const next = random();
    text += next < 0.1 ? "\n    " : next < 0.2 ? `_${Math.floor(random() * 1000)}(` : " ";
  }
  return text;
}

/** The same files every time. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
