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
  const without = (count: number) => {
    const leftOut = new Set(expendable.slice(0, count));
    return sections.filter((section) => !leftOut.has(section));
  };
  const count = smallest(sections.length, (candidate) => fits(without(candidate)));
  const kept = new Set(without(count));
  return { kept: [...kept], leftOut: sections.filter((section) => !kept.has(section)) };
}

/** The smallest number for which it is enough, by halving; `limit` when none is. */
export function smallest(limit: number, isEnough: (candidate: number) => boolean): number {
  let low = 0;
  let high = limit;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A list that a reader opens; what it does not list is counted. */
export function foldedList(title: string, lines: readonly string[], unlisted: number): string {
  const more = unlisted > 0 ? `\n\nand ${unlisted} more` : "";
  return `<details><summary>${title}</summary>\n\n${lines.join("\n")}${more}\n\n</details>`;
}
