import * as core from "@actions/core";
import type { Log } from "../log.ts";
import { visible } from "./untrusted-text.ts";

/** Writes a job's log. A line that came from outside cannot become a workflow command. */
export const actionLog: Log = {
  info: (line) => core.info(harmless(line)),
  notice: (line) => core.info(harmless(line)),
  warning: (line) => core.warning(line),
  async group(title, work) {
    return await core.group(harmless(title), work);
  },
};

/** The runner takes `::name::` at the start of a line, white space aside, and the older `##[name]` anywhere in it. */
function harmless(text: string): string {
  return visible(text)
    .replaceAll("##[", "##\u200b[")
    .split("\n")
    .map((line) => (line.trimStart().startsWith("::") ? `\u200b${line}` : line))
    .join("\n");
}
