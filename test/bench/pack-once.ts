/** What a build does before it starts Python: `node pack-once.js FOLDER ARCHIVE`. */
import { fingerprint } from "../../src/artifact/fingerprint.ts";
import { packArtifact } from "../../src/artifact/pack.ts";
import { loadProject } from "../../src/project/load.ts";
import { selectFiles } from "../../src/project/select.ts";

const [folder = ".", archivePath = ""] = process.argv.slice(2);
const project = await loadProject(folder);
const { files } = await selectFiles(project);
const { digest, manifest, tarSizeBytes } = await packArtifact(files, archivePath);
const { entrypoint } = project;
const print = fingerprint({ manifest, entrypoint, tasks: [{ name: "any", version: "v1.0" }] });
const peakBytes = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ digest, print, tarSizeBytes, peakBytes, files: files.length }));
