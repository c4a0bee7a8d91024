/** Task identifiers: what a worker registers, a release records and a job's task is matched by. */
export interface TaskIdentifier {
  readonly name: string;
  /** vMAJOR.MINOR, kept as written. */
  readonly version: string;
}
