/** Packing against `tar | zstd`, side by side: choosing files, tar, manifest, digest, zstd and fingerprint. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { writeProject } from "./bench-project.ts";
import { measureInTurns, medianOfPairs, printTimes } from "./side-by-side.ts";

const rounds = 9;

/**
 * Prints ratios, medians of pairs that ran one after the other. Needs GNU tar and zstd on PATH.
 *
 * @param part How many files; all sizes without it.
 */
export async function benchBuild(part?: string): Promise<void> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "bench-build-"));
  try {
    const pack = await bundlePack(folder);
    const empty = join(folder, "empty.mjs");
    writeFileSync(empty, "");
    for (const fileCount of part === undefined ? [20_000, 300] : [Number(part)]) {
      const project = join(folder, `project-${fileCount}`);
      writeProject(project, fileCount);
      const archive = join(folder, "out.tar.zst");
      const packOnce = () => spawnSync(process.execPath, [pack, project, archive]);
      const times = await measureInTurns(rounds, {
        "tar | zstd -3": timed(() =>
          spawnSync("sh", ["-c", tarAndZstd(project, join(folder, "base.tar.zst"))]),
        ),
        "empty node": timed(() => spawnSync(process.execPath, [empty])),
        "our pack": timed(packOnce),
      });
      const last = packOnce();
      if (last.status !== 0) throw new Error(`The pack failed: ${last.stderr}`);
      const { tarSizeBytes, peakBytes, files } = JSON.parse(String(last.stdout));
      console.log(`\n${files} files, a tar of ${mebibytes(tarSizeBytes)}:`);
      printTimes(times);
      const pairs = (other: keyof typeof times, compare: (ours: number, theirs: number) => number) =>
        medianOfPairs(times["our pack"], times[other], compare);
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

function timed(run: () => { readonly status: number | null }): () => number {
  return () => {
    const startedAt = performance.now();
    const { status } = run();
    if (status !== 0) throw new Error(`A command ended with ${status}`);
    return performance.now() - startedAt;
  };
}

function tarAndZstd(project: string, archive: string): string {
  const same =
    "--sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --exclude-vcs --exclude=__pycache__";
  return `tar ${same} -cf - -C '${project}' . | zstd -3 -q -f -o '${archive}'`;
}

/** CommonJS, as dist/ is: TypeScript that Node strips by itself would cost 30 ms that no user pays, ES modules 10. */
export async function bundlePack(folder: string): Promise<string> {
  const outfile = join(folder, "pack-once.cjs");
  await build({
    entryPoints: [fileURLToPath(new URL("pack-once.ts", import.meta.url))],
    outfile,
    bundle: true,
    minify: true,
    format: "cjs",
    platform: "node",
    logLevel: "warning",
  });
  return outfile;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
