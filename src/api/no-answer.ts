/** The other side was silent for too long. */
export class NoAnswerInTime extends Error {
  constructor(limitMs: number) {
    super(`no answer within ${limitMs} ms`);
  }
}
