/** A process that packs the project of a folder and prints what came of it: `node pack-project.ts FOLDER ARCHIVE UMASK`. */
import { fingerprint } from "../../src/artifact/fingerprint.ts";
import { packArtifact } from "../../src/artifact/pack.ts";
import { loadProject } from "../../src/project/load.ts";
import { selectFiles } from "../../src/project/select.ts";

const [folder = ".", archivePath = "", umask = "0"] = process.argv.slice(2);
process.umask(Number.parseInt(umask, 8));
const project = await loadProject(folder);
const { files } = await selectFiles(project);
const { digest, manifest, archive } = await packArtifact(files, archivePath);
const tasks = [{ name: "any", version: "v1.0" }];
const content = { manifest, entrypoint: project.entrypoint, tasks };
console.log(
  JSON.stringify({ digest, manifest, archiveSha256: archive.sha256, fingerprint: fingerprint(content) }),
);
