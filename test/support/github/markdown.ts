/** GitHub's Markdown as HTML, near enough to look at and to search for what must not be in it. */
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";

/** Of raw HTML GitHub keeps a list of harmless elements; what is shown here keeps everything, to be seen. */
export function renderMarkdown(markdown: string): string {
  return micromark(markdown, {
    allowDangerousHtml: true,
    allowDangerousProtocol: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
  });
}
