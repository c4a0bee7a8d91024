/** Where the control plane is and who we are there. Never logged as a whole: it holds the key. */
export interface ApiTarget {
  readonly url: string;
  /** Absent where a control plane runs without authentication. */
  readonly apiKey: string | undefined;
}
