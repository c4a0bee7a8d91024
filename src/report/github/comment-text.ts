/**
 * The text of the pull request's comment, written and read back. GitHub keeps nothing else for us, so
 * what each job contributed stands in it between HTML comments, which no untrusted text can close:
 * `<`, `>`, `-` and all but ASCII are escaped in their JSON, and sections escape what they show.
 */
import { leaveOutUntil, type Section, smallest } from "../sections/section.ts";
import { inlineCode } from "../untrusted-text.ts";

/** What one job says about its project. */
export interface CommentPart {
  /** The same for the same job of every run on this pull request. */
  readonly key: string;
  /** Head of the pull request that was checked. */
  readonly commit: string;
  readonly failed: boolean;
  /** One line of safe Markdown. */
  readonly title: string;
  readonly runUrl: string;
  readonly sections: readonly Section[];
  /** Names of sections that the comment had no room for. */
  readonly leftOut: readonly string[];
}

/** Everything the comment holds. */
export interface CommentState {
  readonly parts: readonly CommentPart[];
  /** Keys of the jobs that had failed when they last reported, on whatever commit. */
  readonly failing: readonly string[];
  /** The commit whose failure people were told of by a new comment. */
  readonly announced?: string;
  /** Parts that there was no room for even without their sections. */
  readonly unshown: number;
}

/** GitHub refuses a longer body. It counts characters; code units are never fewer. */
export const commentLimit = 65_536;

/** More jobs than a matrix can have (256) need not be remembered. */
const rememberedFailures = 256;

const marker = "<!-- workflow-release ";
const partStart = "<!-- part ";
const partEnd = "<!-- end of part -->";
const sectionStart = "<!-- section ";

export function isComment(body: string): boolean {
  return body.startsWith(marker);
}

export function renderComment(state: CommentState): string {
  const ordered = state.parts.toSorted(
    (a, b) => Number(b.failed) - Number(a.failed) || compare(a.key, b.key),
  );
  const unshown = smallest(
    ordered.length,
    (count) => renderWithout(ordered, count, state, []).length <= commentLimit,
  );
  const parts = ordered.slice(0, ordered.length - unshown);
  const all = parts.flatMap(({ key, sections }) => sections.map((section) => ({ ...section, key })));
  const text = (kept: readonly PartSection[]) => renderWithout(ordered, unshown, state, kept);
  return text(leaveOutUntil(all, (kept) => text(kept).length <= commentLimit).kept);
}

type PartSection = Section & { readonly key: string };

/** Without the last parts, and of the others only the sections that are kept. */
function renderWithout(
  ordered: readonly CommentPart[],
  unshown: number,
  { failing, announced }: CommentState,
  kept: readonly PartSection[],
): string {
  const sections = Map.groupBy(kept, ({ key }) => key);
  const folded = ordered.length > 1;
  return [
    hidden(marker, { failing, announced, unshown }),
    ...(folded ? [overview(ordered)] : []),
    ...ordered
      .slice(0, ordered.length - unshown)
      .map((part) => renderPart(part, sections.get(part.key) ?? [], folded)),
    ...(unshown > 0 ? [`and ${unshown} more`] : []),
  ].join("\n\n");
}

function overview(parts: readonly CommentPart[]): string {
  const failed = parts.filter((part) => part.failed).length;
  return failed === 0
    ? `## ✅ ${parts.length} projects build`
    : `## ❌ ${failed} of ${parts.length} projects failed`;
}

function renderPart(part: CommentPart, shown: readonly Section[], folded: boolean): string {
  const { sections, ...header } = part;
  const names = new Set(shown.map(({ name }) => name));
  const dropped = sections.map(({ name }) => name).filter((name) => !names.has(name));
  const leftOut = [...part.leftOut, ...dropped];
  const note = leftOut.length === 0 ? "" : `; left out for length: ${leftOut.join(", ")}`;
  const footer = `<sub>Commit ${inlineCode(part.commit.slice(0, 12))}, [run](${part.runUrl})${note}</sub>`;
  const quiet = folded && !part.failed;
  return [
    hidden(partStart, { ...header, leftOut }),
    quiet ? `<details><summary>${part.title}</summary>` : `### ${part.title}`,
    ...shown.flatMap(({ name, leaveOutRank, markdown }) => [
      hidden(sectionStart, { name, leaveOutRank }),
      markdown,
    ]),
    partEnd,
    quiet ? `${footer}\n\n</details>` : footer,
  ].join("\n\n");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function hidden(start: string, value: object): string {
  const json = JSON.stringify(value).replaceAll(
    /[<>@-]|[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${start}${json} -->`;
}

/** What a comment holds; undefined for a text that is not ours. What a person damaged in it is left out. */
export function parseComment(body: string): CommentState | undefined {
  // GitHub may hand a body back with the line ends of a browser's form.
  const text = body.replaceAll("\r\n", "\n");
  if (!isComment(text)) return undefined;
  const header = readHidden(text.slice(marker.length));
  const announced = typeof header?.announced === "string" ? header.announced : undefined;
  return {
    failing: strings(header?.failing),
    ...(announced === undefined ? {} : { announced }),
    unshown: typeof header?.unshown === "number" ? header.unshown : 0,
    parts: text
      .split(partStart)
      .slice(1)
      .map((chunk) => readPart(chunk.split(partEnd)[0] ?? ""))
      .filter((part) => part !== undefined),
  };
}

function readPart(chunk: string): CommentPart | undefined {
  const [head = "", ...sections] = chunk.split(sectionStart);
  const { key, commit, failed, title, runUrl, leftOut } = readHidden(head) ?? {};
  const whole = typeof key === "string" && typeof commit === "string" && typeof failed === "boolean";
  if (!whole || typeof title !== "string" || typeof runUrl !== "string") return undefined;
  return {
    key,
    commit,
    failed,
    title,
    runUrl,
    sections: sections.map(readSection).filter((section) => section !== undefined),
    leftOut: strings(leftOut),
  };
}

function readSection(chunk: string): Section | undefined {
  const { name, leaveOutRank } = readHidden(chunk) ?? {};
  if (typeof name !== "string" || typeof leaveOutRank !== "number") return undefined;
  return { name, leaveOutRank, markdown: chunk.slice(chunk.indexOf("-->") + "-->".length).trim() };
}

function readHidden(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text.slice(0, text.indexOf("-->")));
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
}

/**
 * The comment with a job's parts in it, and without those of other commits. `announce` says that a person
 * should be told anew: a project had not failed when it was last reported, and no other failure of this
 * commit was announced yet.
 */
export function withParts(
  state: CommentState | undefined,
  parts: readonly CommentPart[],
): { readonly state: CommentState; readonly announce: boolean } {
  const failedBefore = new Set(state?.failing);
  const failing = new Set(failedBefore);
  for (const { key, failed } of parts) {
    if (failed) failing.add(key);
    else failing.delete(key);
  }
  const turned = parts.find(({ key, failed }) => failed && !failedBefore.has(key));
  const announce = turned !== undefined && state?.announced !== turned.commit;
  const announced = announce ? turned.commit : state?.announced;
  const keys = new Set(parts.map(({ key }) => key));
  const commits = new Set(parts.map(({ commit }) => commit));
  const others = (state?.parts ?? []).filter(({ key, commit }) => !keys.has(key) && commits.has(commit));
  return {
    announce,
    state: {
      parts: [...others, ...parts],
      failing: [...failing].slice(-rememberedFailures),
      unshown: 0,
      ...(announced === undefined ? {} : { announced }),
    },
  };
}
