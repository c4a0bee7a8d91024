import type { Problem } from "../../errors.ts";
import type { TaskTree } from "../../jobs/tree.ts";
import type { GateReason } from "./gate.ts";

interface Details {
  readonly problems?: readonly Problem[];
  readonly next?: string;
  readonly tree?: TaskTree;
  readonly cause?: unknown;
}

/** How a gate ends without having passed; runGates makes a result of it. */
export class GateFailed extends Error {
  override readonly name = "GateFailed";
  readonly reason: GateReason;
  readonly problems: readonly Problem[];
  readonly next: string | undefined;
  readonly tree: TaskTree | undefined;

  constructor(reason: GateReason, message: string, details: Details = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.reason = reason;
    this.problems = details.problems ?? [];
    this.next = details.next;
    this.tree = details.tree;
  }
}
