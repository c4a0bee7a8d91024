/** Whether packing grows with the files that are packed, and with nothing else. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { writeProject } from "./bench-project.ts";
import { bundlePack } from "./build.ts";
import { measureInTurns, medianOfPairs, printTimes } from "./side-by-side.ts";

const rounds = 7;
const ignoredFiles = 50_000;

/** Prints two ratios. */
export async function benchGrowth(): Promise<void> {
  await using folder = await createScratchFolder();
  const script = await bundlePack(folder.path);
  const pack = (name: string, fileCount: number) => {
    const project = join(folder.path, name);
    writeProject(project, fileCount);
    return () => {
      const startedAt = performance.now();
      const archive = join(folder.path, "out.tar.zst");
      const { status, stderr } = spawnSync(process.execPath, [script, project, archive]);
      if (status !== 0) throw new Error(`The pack failed: ${stderr}`);
      return performance.now() - startedAt;
    };
  };
  const few = pack("few", 10_000);
  const many = pack("many", 100_000);
  const beside = pack("beside", 10_000);
  writeIgnored(join(folder.path, "beside", ".venv"));
  const times = await measureInTurns(rounds, {
    "10,000 files": few,
    "100,000 files": many,
    "10,000 files beside a .venv": beside,
  });
  printTimes(times);
  const growth = medianOfPairs(times["100,000 files"], times["10,000 files"], (a, b) => a / b);
  const venv = medianOfPairs(times["10,000 files beside a .venv"], times["10,000 files"], (a, b) => a / b);
  console.log(`  ten times the files take ${growth.toFixed(1)} times as long`);
  console.log(`  ${ignoredFiles} ignored files add ${((venv - 1) * 100).toFixed(1)} %`);
}

function writeIgnored(folder: string): void {
  for (let file = 0; file < ignoredFiles; file++) {
    const place = join(folder, "lib", `package_${Math.floor(file / 100)}`);
    if (file % 100 === 0) mkdirSync(place, { recursive: true });
    writeFileSync(join(place, `module_${file}.py`), "x = 1\n");
  }
}
