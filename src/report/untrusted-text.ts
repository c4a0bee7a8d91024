/**
 * Names, paths and messages that come from a project or a server, made safe to show on GitHub.
 *
 * Inside <code> and <pre> GitHub neither links @names and #numbers nor renders Markdown; what is left to
 * neutralise is HTML itself, the pipe that ends a table cell, characters that do not show or that reorder
 * the line around them (Unicode bidirectional controls), and the addresses that cmark-gfm links even
 * inside <code>: it looks for `www.` in the source and for `@` in the text after entities are read.
 */

// Controls but newline; format characters: zero width, bidirectional, soft hyphen; line and paragraph separators.
const invisible = /(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu;

const markup = /[&<>"'`|*_~[\]\\$@#:]/g;

/** Shows what cannot be seen: U+202E becomes the six letters `\u202e`. */
export function visible(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replace(invisible, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`);
}

/** Visible text on one line; newlines are shown as `\n`. */
export function oneLine(text: string): string {
  return visible(text).replaceAll("\n", "\\n");
}

/** One line of inline code, at most `limit` characters; newlines are shown as `\n`. */
export function inlineCode(text: string, limit = 300): string {
  return `<code>${entities(oneLine(cut(text, limit)))}</code>`;
}

/** A block of preformatted text, at most `limit` characters. */
export function codeBlock(text: string, limit = 4_000): string {
  return `<pre>${entities(visible(cut(text, limit)))}</pre>`;
}

/**
 * A sentence of at most `limit` characters; what stands between backticks is shown as code. Outside code
 * GitHub links names and numbers too, so the sign before them is set apart from them.
 */
export function sentence(text: string, limit = 1_000): string {
  const parts = visible(cut(text, limit)).replaceAll("\n", " ").split("`");
  const balanced = parts.length % 2 === 1;
  return parts
    .map((part, index) => {
      if (balanced && index % 2 === 1) return inlineCode(part, limit);
      const shown = index > 0 && !balanced ? `\`${part}` : part;
      return entities(shown).replaceAll(/&#(?:64|35);/g, "$&<wbr>");
    })
    .join("");
}

/** Text of at most `limit` characters, the last one an ellipsis when some were cut off. */
export function cut(text: string, limit: number): string {
  // A character has at most two code units: one more than twice the limit is enough to know.
  const characters = Array.from(text.slice(0, limit * 2 + 1));
  return characters.length <= limit ? text : `${characters.slice(0, limit - 1).join("")}…`;
}

function entities(text: string): string {
  return text
    .replace(markup, (character) => `&#${character.charCodeAt(0)};`)
    .replaceAll(/\bwww(?=\.)/gi, "ww&#119;")
    .replaceAll("&#64;", "<wbr>&#64;");
}
