/** One block of what a person reads: summary and comment are made of the same ones. */
export interface Section {
  /** As a person would call it: it is named where it was left out. */
  readonly name: string;
  /** Of too long a text, sections with a higher rank are left out first. */
  readonly leaveOutRank: number;
  readonly markdown: string;
}

/** Leaves out whole sections, the highest rank first and of one rank the longest, until the rest fits. */
export function leaveOutUntil<S extends Section>(
  sections: readonly S[],
  fits: (kept: readonly S[]) => boolean,
): { readonly kept: readonly S[]; readonly leftOut: readonly S[] } {
  const expendable = sections.toSorted(
    (a, b) => b.leaveOutRank - a.leaveOutRank || b.markdown.length - a.markdown.length,
  );
  const leftOut = new Set<S>();
  let kept = sections;
  while (!fits(kept) && leftOut.size < sections.length) {
    const next = expendable[leftOut.size];
    if (next !== undefined) leftOut.add(next);
    kept = sections.filter((section) => !leftOut.has(section));
  }
  return { kept, leftOut: sections.filter((section) => leftOut.has(section)) };
}

/** A list that a reader opens; what it does not list is counted. */
export function foldedList(title: string, lines: readonly string[], unlisted: number): string {
  const more = unlisted > 0 ? `\n\nand ${unlisted} more` : "";
  return `<details><summary>${title}</summary>\n\n${lines.join("\n")}${more}\n\n</details>`;
}
