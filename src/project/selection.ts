import type { FileToPack, SymlinkToPack } from "../artifact/pack.ts";

export type SelectedFile = FileToPack | SymlinkToPack;

/** What goes into the artifact. */
export interface Selection {
  /** In byte order of their paths. */
  readonly files: readonly SelectedFile[];
  /** What a person should know though nothing is wrong: one sentence each. */
  readonly notices: readonly string[];
}

/** The folder below the root that a build writes into when it is not told another, and so one that no build packs. */
export const outputFolderName = ".workflow-release";

/** The archive of a workflow, wherever it was written: it never enters another one. */
export function archiveName(slug: string): string {
  return `${slug}.tar.zst`;
}
