/** Where a stage writes for a person. The action writes through the runner's commands, the CLI to stderr. */
export interface Log {
  info(line: string): void;
  /** Something a person should know though nothing failed. */
  notice(line: string): void;
  warning(line: string): void;
  /** Folds what `work` logs under a title, where the reader can fold. */
  group<T>(title: string, work: () => Promise<T>): Promise<T>;
}
