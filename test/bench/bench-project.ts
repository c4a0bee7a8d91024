import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Python-like text of 2.4 KB on average, and a twentieth as many excluded ones, committed to a repository. */
export function writeProject(folder: string, fileCount: number): void {
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
  write("uv.lock", "version = 1\n");
  write(".gitignore", "__pycache__/\n*.pyc\n.venv/\n.env\nbuild/\ndist/\n*.tar.zst\n");
  write(
    "tilebox.workflow.toml",
    `[workflow]
slug = "bench"
runner = "package_0.runner:runner"

[build]
include = ["package_*/**", "pyproject.toml", "uv.lock"]
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
