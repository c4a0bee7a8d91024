/** What a build does before it starts Python: `node pack-once.cjs FOLDER ARCHIVE`. */
import { readFileSync } from "node:fs";
import { fingerprint } from "../../src/artifact/fingerprint.ts";
import { packArtifact } from "../../src/artifact/pack.ts";
import { loadProject } from "../../src/project/load.ts";
import { selectFiles } from "../../src/project/select.ts";

async function packOnce(folder = ".", archivePath = ""): Promise<void> {
  const project = await loadProject(folder);
  const { files } = await selectFiles(project);
  const { digest, manifest, tarSizeBytes } = await packArtifact(files, archivePath);
  const { entrypoint } = project;
  const print = fingerprint({ manifest, entrypoint, tasks: [{ name: "any", version: "v1.0" }] });
  const peakBytes = readPeakBytes();
  console.log(JSON.stringify({ digest, print, tarSizeBytes, peakBytes, files: files.length }));
}

/** Of this process alone: on Linux, what getrusage says begins with the peak of the process that started it. */
function readPeakBytes(): number {
  if (process.platform !== "linux") return process.resourceUsage().maxRSS * 1024;
  const [, kibibytes] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kibibytes) * 1024;
}

void packOnce(...process.argv.slice(2));
