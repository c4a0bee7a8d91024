/** Task identifiers: what a worker registers, a release records and a job's task is matched by. */

export interface TaskIdentifier {
  readonly name: string;
  /** vMAJOR.MINOR, kept as written. */
  readonly version: string;
}

/** By name, then version, by the bytes of their UTF-8: the order of a release's tasks. */
export function sortIdentifiers(identifiers: readonly TaskIdentifier[]): TaskIdentifier[] {
  return identifiers.toSorted(
    (a, b) =>
      Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)) ||
      Buffer.compare(Buffer.from(a.version), Buffer.from(b.version)),
  );
}
