export interface RpcLimits {
  readonly maxMessageBytes: number;
  /** From a call's headers to the end of its message. */
  readonly messageTimeoutMs: number;
}

export const rpcLimits: RpcLimits = {
  /** A release with the tree of 200,000 files, or a task that submits 10,000 sub-tasks of 2 KiB, fits. */
  maxMessageBytes: 32 * 1024 * 1024,
  messageTimeoutMs: 30_000,
};
