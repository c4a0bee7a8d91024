/** The files that people are shown, and that run under act, are what init writes. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { documentedAction, type WorkflowOptions, workflowFiles } from "../../src/init/workflow-files.ts";

const options: WorkflowOptions = {
  server: { kind: "own", url: undefined },
  action: documentedAction,
  projectFolder: "",
  suffix: "",
  createWorkflow: false,
  smokeTask: 'tiles/Mosaic@v1.2 {"columns": 2, "rows": 2}',
  gates: { push: "ready, smoke", promotion: "ready" },
};

const shown = async (name: string) =>
  await readFile(new URL(`../act/workflows/${name}`, import.meta.url), "utf8");

describe("the workflow files", () => {
  it("are those of README.md", async () => {
    for (const { name, text } of workflowFiles(options)) assert.equal(text, await shown(name), name);
  });

  it("for the hosted service are those of docs/hosted-service.md", async () => {
    const hosted = workflowFiles({ ...options, server: { kind: "hosted" }, gates: undefined });
    for (const { name, text } of hosted.slice(1)) assert.equal(text, await shown(`hosted-${name}`), name);
  });
});
