/**
 * Draws what a person reads of a run: every example of test/support/example-runs.ts as a page in
 * .cache/pictures, and, where Chromium is on PATH, as a picture in light and dark. `--keep` copies the two
 * that the README shows to .github/pictures.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderSummary } from "../src/report/summary.ts";
import { exampleComments, exampleSummaries } from "../test/support/example-runs.ts";
import { renderMarkdown } from "../test/support/github/markdown.ts";
import { projectRoot } from "./cached-tools.mjs";

const folder = join(projectRoot, ".cache", "pictures");
/** The README's, each as high as what it shows. */
const kept: Readonly<Record<string, { readonly file: string; readonly height: number }>> = {
  "summary-success-light": { file: "summary.png", height: 900 },
  "comment-matrix-light": { file: "comment.png", height: 500 },
};

interface Colours {
  readonly page: string;
  readonly text: string;
  readonly muted: string;
  readonly border: string;
  readonly inset: string;
  readonly stripe: string;
  readonly link: string;
}

/** GitHub's own colours for text, borders and insets. */
const themes: Readonly<Record<string, Colours>> = {
  light: {
    page: "#ffffff",
    text: "#1f2328",
    muted: "#59636e",
    border: "#d1d9e0",
    inset: "#f6f8fa",
    stripe: "#f6f8fa",
    link: "#0969da",
  },
  dark: {
    page: "#0d1117",
    text: "#f0f6fc",
    muted: "#9198a1",
    border: "#3d444d",
    inset: "#151b23",
    stripe: "#151b23",
    link: "#4493f8",
  },
};

function page(markdown: string, colours: Colours): string {
  const { page: background, text, muted, border, inset, stripe, link } = colours;
  // GitHub shows a note as a box with its name.
  const html = renderMarkdown(markdown).replaceAll(
    /<blockquote>\s*<p>\[!NOTE\]<\/p>/g,
    '<blockquote class="note"><p><b>ⓘ Note</b></p>',
  );
  return `<!doctype html><meta charset="utf-8"><style>
body{margin:0;padding:24px 32px;width:900px;background:${background};color:${text};font:14px/1.5 -apple-system,"Segoe UI","Noto Sans",Helvetica,Arial,sans-serif,"Noto Color Emoji"}
h2{font-size:1.5em;padding-bottom:.3em;border-bottom:1px solid ${border};margin:8px 0 16px}h3{font-size:1.25em;margin:24px 0 16px}
table{border-collapse:collapse;margin:0 0 16px;display:block;overflow:auto}th,td{padding:6px 13px;border:1px solid ${border}}tr:nth-child(2n){background:${stripe}}
code,pre{font:12px/1.45 ui-monospace,"Liberation Mono",monospace}code{background:${inset};padding:.2em .4em;border-radius:6px}pre{background:${inset};padding:16px;border-radius:6px;overflow:auto}
blockquote{margin:0 0 16px;padding:0 1em;color:${muted};border-left:.25em solid ${border}}.note{border-color:${link};color:${text}}.note b{color:${link}}
details{margin:0 0 16px}summary{cursor:default}a{color:${link}}sub{color:${muted};font-size:75%}
</style>${html}`;
}

function draw(name: string, html: string): void {
  const source = join(folder, `${name}.html`);
  const picture = join(folder, `${name}.png`);
  writeFileSync(source, html);
  const target = kept[name];
  const size = [`--window-size=964,${target?.height ?? 1_150}`, "--force-device-scale-factor=1"];
  const options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", ...size];
  const drawn = spawnSync("chromium", [...options, `--screenshot=${picture}`, `file://${source}`]);
  if (drawn.status === 0 && target !== undefined && process.argv.includes("--keep"))
    copyFileSync(picture, join(projectRoot, ".github", "pictures", target.file));
}

mkdirSync(folder, { recursive: true });
const examples = [
  ...Object.entries(exampleSummaries()).map(
    ([name, run]) => [`summary-${name}`, renderSummary(run)] as const,
  ),
  ...Object.entries(exampleComments()).map(([name, text]) => [`comment-${name}`, text] as const),
];
for (const [name, markdown] of examples) {
  for (const [theme, colours] of Object.entries(themes)) draw(`${name}-${theme}`, page(markdown, colours));
}
console.log(`drew ${examples.length} examples into ${folder}`);
