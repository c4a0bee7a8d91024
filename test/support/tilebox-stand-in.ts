/**
 * Puts a stand-in for the hosted service's program on a PATH. It is written from that program's public documents
 * (install, --version, agent-context, workflow publish-release), because nobody here can run the real one.
 */
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createScratchFolder } from "./scratch-folder.ts";

const main = fileURLToPath(new URL("tilebox-stand-in-main.ts", import.meta.url));

/** How it fails; `none` is as documented. */
export type StandInFailure =
  | "none"
  | "old"
  | "no-json"
  | "no-id"
  | "other-tasks"
  | "other-files"
  | "exit-code"
  | "hang"
  | "hang-at-start"
  | "key-rejected"
  | "prints-key";

export interface StandInBehaviour {
  readonly failure: StandInFailure;
  /** Where the bytes go: what the real program does for it is not public. */
  readonly storageUrl: string;
  /** Each call is added to this file, as a line of JSON: its arguments and what of its environment is secret. */
  readonly callsFile: string;
}

export interface TileboxStandIn extends AsyncDisposable {
  /** Absolute: the folder that has the program. */
  readonly binFolder: string;
  /** PATH with that folder first. */
  readonly path: string;
  /** Absolute, of JSON lines. */
  readonly callsFile: string;
  behave(failure: StandInFailure): Promise<void>;
  /** As on a machine that does not have it. */
  uninstall(): Promise<void>;
}

export async function installTileboxStandIn(storageUrl: string): Promise<TileboxStandIn> {
  const scratch = await createScratchFolder();
  const bin = join(scratch.path, "bin");
  const program = join(bin, "tilebox");
  const behaviourFile = join(scratch.path, "behaviour.json");
  const callsFile = join(scratch.path, "calls.jsonl");
  await mkdir(bin);
  await writeFile(callsFile, "");
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${main}' '${behaviourFile}' "$@"\n`);
  await chmod(program, 0o755);
  const behave = async (failure: StandInFailure) => {
    const behaviour: StandInBehaviour = { failure, storageUrl, callsFile };
    await writeFile(behaviourFile, JSON.stringify(behaviour));
  };
  await behave("none");
  return {
    binFolder: bin,
    path: `${bin}${delimiter}${process.env.PATH ?? ""}`,
    callsFile,
    behave,
    uninstall: () => rm(program),
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}
