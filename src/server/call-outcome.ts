/** How a call ended, as gRPC names it: for the figures, however the call was served. */
import { Code, type ContextValues, createContextKey } from "@connectrpc/connect";

export type OutcomeName = keyof typeof Code | "OK";

interface CallOutcome {
  name: OutcomeName | undefined;
}

const outcomeKey = createContextKey<CallOutcome | undefined>(undefined);

export function outcomeOf(code: Code): OutcomeName {
  return Code[code] as OutcomeName;
}

/** Makes a place where noteOutcome writes; returns what reads it. */
export function watchOutcome(values: ContextValues): () => OutcomeName | undefined {
  const outcome: CallOutcome = { name: undefined };
  values.set(outcomeKey, outcome);
  return () => outcome.name;
}

/** Does nothing for a call that nobody counts. */
export function noteOutcome(values: ContextValues, name: OutcomeName): void {
  const outcome = values.get(outcomeKey);
  if (outcome !== undefined) outcome.name = name;
}
