import { causeChain, type ReleaseError } from "../errors.ts";
import { visible } from "./untrusted-text.ts";

/** An error as lines for a terminal or a job's log: what, where, why, what to do next. */
export function errorLines(error: ReleaseError, title: string): string[] {
  return [
    title,
    ...indent(error.message),
    ...error.problems.flatMap(({ message, file, line, column, hint }) => {
      const where = file === undefined ? "" : `${[file, line, column].filter(Boolean).join(":")}: `;
      return indent(`- ${where}${message}${hint === undefined ? "" : ` (${hint})`}`);
    }),
    ...causeChain(error)
      .slice(1)
      .flatMap((cause) => indent(`caused by: ${cause}`)),
    ...indent(`What to do: ${error.next}`),
  ];
}

function indent(text: string): string[] {
  return visible(text)
    .split("\n")
    .map((line) => `  ${line}`);
}
