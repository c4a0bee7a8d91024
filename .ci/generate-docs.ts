// Writes action.yml and the reference tables of README.md and docs/ from the tables in src/. With --check it
// writes nothing and fails when a file differs.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { actionInputs, actionOutputs } from "../src/action-contract.ts";
import { errorTable } from "../src/error-table.ts";
import { exitCodes } from "../src/exit-codes.ts";
import { metricPrefix, metricTable } from "../src/server/metric-table.ts";

const root = join(import.meta.dirname, "..");
const check = process.argv.includes("--check");

function actionYml(): string {
  const inputs = Object.entries(actionInputs).map(([name, { description, default: value }]) => [
    `  ${name}:`,
    `    description: ${JSON.stringify(description)}`,
    "    required: false",
    `    default: ${JSON.stringify(value)}`,
  ]);
  const outputs = Object.entries(actionOutputs).map(([name, description]) => [
    `  ${name}:`,
    `    description: ${JSON.stringify(description)}`,
  ]);
  return [
    "# Generated from src/action-contract.ts by `npm run generate`.",
    "name: workflow-release",
    "description: Turn a commit of a Python workflow project into a release that runs.",
    "branding:",
    "  icon: package",
    "  color: blue",
    "inputs:",
    ...inputs.flat(),
    "outputs:",
    ...outputs.flat(),
    "runs:",
    "  using: node24",
    "  main: dist/index.js",
    "  post: dist/post.js",
    "",
  ].join("\n");
}

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");

type Tables = Readonly<Record<string, () => string>>;

const readmeTables: Tables = {
  inputs: () =>
    [
      "| Input | Default | |",
      "| --- | --- | --- |",
      ...Object.entries(actionInputs).map(
        ([name, row]) =>
          `| \`${name}\` | ${row.default === "" ? "" : `\`${row.default}\``} | ${cell(row.description)} |`,
      ),
    ].join("\n"),
  outputs: () =>
    [
      "| Output | |",
      "| --- | --- |",
      ...Object.entries(actionOutputs).map(([name, description]) => `| \`${name}\` | ${cell(description)} |`),
    ].join("\n"),
  failures: () =>
    [
      "| `failure-reason` | Exit code | What to do |",
      "| --- | --- | --- |",
      ...Object.entries(errorTable).map(
        ([code, { exit, next }]) =>
          `| <a id="${code}"></a>\`${code}\` | ${exitCodes[exit]} | ${cell(next)} |`,
      ),
    ].join("\n"),
};

const metricsTables: Tables = {
  metrics: () =>
    [
      "| Metric | Type | Labels | |",
      "| --- | --- | --- | --- |",
      ...Object.entries(metricTable).map(([name, { type, labels, help }]) => {
        const names = labels.map((label) => `\`${label}\``).join(", ");
        return `| \`${metricPrefix}${name}\` | ${type} | ${names} | ${cell(help)} |`;
      }),
    ].join("\n"),
};

const withTables = (file: string, tables: Tables) => (old: string) =>
  Object.entries(tables).reduce((text, [name, table]) => {
    const start = `<!-- generated: ${name} -->`;
    const end = `<!-- end: ${name} -->`;
    const from = text.indexOf(start);
    const to = text.indexOf(end);
    if (from === -1 || to < from) throw new Error(`${file} has no ${start} ... ${end}`);
    return `${text.slice(0, from)}${start}\n${table()}\n${text.slice(to)}`;
  }, old);

function put(file: string, make: (old: string) => string): void {
  const path = join(root, file);
  const old = readFileSync(path, "utf8").replaceAll("\r\n", "\n");
  const made = make(old);
  if (made === old) return;
  if (!check) {
    writeFileSync(path, made);
    console.log(`wrote ${file}`);
    return;
  }
  console.error(`${file} differs from what src/ says; run: npm run generate`);
  process.exitCode = 1;
}

put("action.yml", actionYml);
for (const [file, tables] of [
  ["README.md", readmeTables],
  ["docs/metrics.md", metricsTables],
] as const) {
  put(file, withTables(file, tables));
}
