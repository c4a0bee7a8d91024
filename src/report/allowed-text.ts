import type { Allowance, AllowedBy } from "../release/allowed.ts";

/** Who allowed what would have been refused, as Markdown and as the rest of a sentence. */
export function allowedText(what: Allowance, by: AllowedBy): string {
  switch (by) {
    case "input":
      return `allowed by the input \`allow: ${what}\``;
    case "label":
      return `allowed by the label \`allow: ${what}\` of the pull request`;
    case "option":
      return `allowed by the option \`--allow ${what}\``;
  }
}
