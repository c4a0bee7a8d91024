/** Progress as tasks report it. */
export interface Progress {
  /** Empty for the unnamed indicator. */
  readonly label: string;
  readonly total: number;
  readonly done: number;
}

/** Limits of the public service. [doc: progress] */
const labelSizeLimit = 100;
const indicatorLimit = 1000;

interface RawProgress {
  readonly label: string;
  readonly total: bigint;
  readonly done: bigint;
}

/**
 * Reads a report. Too much is cut, never refused: an error here would end the runner that reports, and
 * progress is not worth a task. Of two values for one label the later one counts.
 */
export function parseProgress(raw: readonly RawProgress[]): Progress[] {
  const byLabel = new Map<string, Progress>();
  for (const indicator of raw) {
    const label = cutLabel(indicator.label);
    if (byLabel.size >= indicatorLimit && !byLabel.has(label)) continue;
    byLabel.set(label, { label, total: saturate(indicator.total), done: saturate(indicator.done) });
  }
  return [...byLabel.values()];
}

/** uint64 on the wire; what a double cannot hold exactly is no count of anything. */
function saturate(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}

function cutLabel(label: string): string {
  const bytes = Buffer.from(label);
  if (bytes.length <= labelSizeLimit) return label;
  let end = labelSizeLimit;
  // 10xxxxxx is the inside of a UTF-8 character.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}
