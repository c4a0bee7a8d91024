import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { documentedAction } from "../support/act.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folders = [".github/workflows", "test/act/workflows"];
/** By path from the root. */
const workflows = new Map<string, string>();

before(async () => {
  for (const folder of folders) {
    for (const name of await readdir(join(root, folder))) {
      workflows.set(`${folder}/${name}`, await readFile(join(root, folder, name), "utf8"));
    }
  }
});

for (const document of ["README.md", "docs/hosted-service.md"]) {
  test(`every workflow of ${document} is one of the files that are checked here`, async () => {
    const documented = workflowBlocks(await readFile(join(root, document), "utf8"));
    assert.ok(documented.length > 0);
    for (const block of documented) {
      const found = [...workflows.values()].includes(block);
      assert.ok(found, `${document} has a workflow that is not a file of ${folders.join(" or ")}:\n${block}`);
    }
  });
}

test("actionlint: workflows fit GitHub's syntax and this action's inputs and outputs", async () => {
  await using scratch = await createScratchFolder(
    Object.fromEntries(
      // A remote action's inputs are unknown to it, a local one's are checked.
      [...workflows].map(([path, text], index) => [
        `.github/workflows/${index}-${path.split("/").at(-1)}`,
        text.replaceAll(documentedAction, "./"),
      ]),
    ),
  );
  for (const part of ["action.yml", "dist"]) {
    await cp(join(root, part), join(scratch.path, part), { recursive: true });
  }
  await succeeds("git", ["init", "--quiet"], scratch.path);
  await succeeds("actionlint", ["-shellcheck=", "-pyflakes="], scratch.path);
});

test("zizmor: workflows and action.yml are safe", async () => {
  const config = ["--config", ".github/zizmor.yml"];
  await succeeds(
    "zizmor",
    [...config, "--offline", "--strict-collection", "action.yml", ...workflows.keys()],
    root,
  );
});

/** The fenced YAML blocks that are whole workflows, without the indentation of their fence. */
function workflowBlocks(markdown: string): string[] {
  const fences = markdown.matchAll(/^(?<indent> *)```ya?ml\n(?<block>[\s\S]*?)^\k<indent>```$/gm);
  return [...fences]
    .map(({ groups }) => (groups?.block ?? "").replaceAll(new RegExp(`^${groups?.indent ?? ""}`, "gm"), ""))
    .filter((block) => /^on:/m.test(block) && /^jobs:/m.test(block));
}

async function succeeds(command: string, args: readonly string[], cwd: string): Promise<void> {
  const failure = await new Promise<string | undefined>((resolve) => {
    execFile(command, args, { cwd }, (error, stdout, stderr) =>
      resolve(error === null ? undefined : `${error.message}\n${stdout}${stderr}`),
    );
  });
  assert.equal(failure, undefined);
}
