import { join, resolve } from "node:path";
import type { PipelineDeps } from "../pipeline.ts";
import { outputFolderName } from "../project/selection.ts";
import { stageDeps } from "../stage-deps.ts";
import { terminalLog } from "./run.ts";

/** The stages as a person at a terminal runs them: output lands beside the project unless told otherwise. */
export function terminalDeps(options: {
  readonly signal: AbortSignal;
  readonly output?: string | undefined;
}): PipelineDeps {
  return stageDeps({
    log: terminalLog,
    signal: options.signal,
    env: process.env,
    outputFolder: ({ root }) =>
      options.output === undefined ? join(root, outputFolderName) : resolve(options.output),
  });
}
