import type { Log } from "../log.ts";

/** A log that is written later, whole: the lines of projects that run at the same time must not mix. */
export interface HeldLog {
  readonly log: Log;
  /** Groups inside it become plain titles, because GitHub's groups hold no others. */
  writeTo(log: Log): void;
}

export function createHeldLog(): HeldLog {
  const lines: { readonly kind: "info" | "notice" | "warning"; readonly text: string }[] = [];
  const hold = (kind: "info" | "notice" | "warning") => (text: string) => void lines.push({ kind, text });
  const log: Log = {
    info: hold("info"),
    notice: hold("notice"),
    warning: hold("warning"),
    async group(title, work) {
      log.info(title);
      return await work();
    },
  };
  return {
    log,
    writeTo(target) {
      for (const { kind, text } of lines) target[kind](text);
    },
  };
}
