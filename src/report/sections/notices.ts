import type { RunRecord } from "../record.ts";
import { inlineCode } from "../untrusted-text.ts";
import type { Section } from "./section.ts";

const listedNotices = 50;

/** What a person should know though nothing failed because of it. */
export function noticeSection({ notices }: RunRecord): Section | undefined {
  if (notices.length === 0) return undefined;
  const listed = notices.slice(0, listedNotices).map((notice) => `> - ${inlineCode(notice, 1_000)}`);
  const unlisted = notices.length - listed.length;
  const lines = ["> [!NOTE]", ...listed, ...(unlisted > 0 ? [`> - and ${unlisted} more`] : [])];
  return { name: "notices", leaveOutRank: 6, markdown: lines.join("\n") };
}
