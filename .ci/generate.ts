/**
 * Writes src/api/gen from src/api/proto. CI runs it and then checks that git sees no difference,
 * so the folder is emptied first: a message that is gone must not leave its code behind.
 */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));
const protoFolder = "src/api/proto";
const generatedFolder = "src/api/gen";
const plugin = join(projectRoot, "node_modules/@bufbuild/protoc-gen-es/bin/protoc-gen-es");
const buf = join(projectRoot, "node_modules/@bufbuild/buf/bin/buf");

const template = {
  version: "v2",
  plugins: [
    {
      // Started with this Node, because a script with a #! line is no program on Windows.
      local: [process.execPath, plugin],
      out: generatedFolder,
      // Node strips types but does not compile enums, and it wants imports to name the file.
      opt: ["target=ts", "import_extension=ts", "erasable_syntax=true"],
    },
  ],
};

rmSync(join(projectRoot, generatedFolder), { recursive: true, force: true });
execFileSync(process.execPath, [buf, "generate", protoFolder, "--template", JSON.stringify(template)], {
  cwd: projectRoot,
  stdio: "inherit",
});
