/**
 * Decides whether concurrent calls on one cluster's deployment could have happened one after the other,
 * each at some moment between its call and its answer (Wing and Gong's search, with remembered dead ends).
 */

/** Undefined: nothing is deployed. */
type Deployed = string | undefined;

export interface Call {
  readonly kind: "deploy" | "undeploy" | "read";
  /** What is deployed or undeployed. */
  readonly release: Deployed;
  readonly calledMs: number;
  readonly answeredMs: number;
  /** What the cluster had, according to the answer. */
  readonly answered: Deployed;
}

/** The register that a cluster is for one workflow. */
function next(state: Deployed, call: Call): Deployed {
  switch (call.kind) {
    case "deploy":
      return call.release;
    case "undeploy":
      return state === call.release ? undefined : state;
    case "read":
      return state;
  }
}

/** A read, or an undeploy that found another release: one that changed something answers "nothing". */
function changesNothing(call: Call): boolean {
  return call.kind === "read" || (call.kind === "undeploy" && call.answered !== undefined);
}

export function isLinearizable(calls: readonly Call[], initial: Deployed): boolean {
  const ordered = calls.toSorted((a, b) => a.calledMs - b.calledMs);
  const deadEnds = new Set<string>();
  const done = new Array<boolean>(ordered.length).fill(false);

  function search(state: Deployed, left: number): boolean {
    if (left === 0) return true;
    const key = `${state} ${done.map(Number).join("")}`;
    if (deadEnds.has(key)) return false;
    // Whatever is called after some open call was answered cannot come before that one.
    let firstAnswerMs = Number.POSITIVE_INFINITY;
    for (const [index, call] of ordered.entries()) {
      if (!done[index]) firstAnswerMs = Math.min(firstAnswerMs, call.answeredMs);
    }
    const possible = [...ordered.entries()].filter(
      ([index, call]) =>
        !done[index] && call.calledMs <= firstAnswerMs && next(state, call) === call.answered,
    );
    // What fits now and never changes anything can come first in every order that there is.
    const idle = possible.find(([, call]) => changesNothing(call));
    for (const [index, call] of idle === undefined ? possible : [idle]) {
      done[index] = true;
      if (search(call.answered, left - 1)) return true;
      done[index] = false;
    }
    deadEnds.add(key);
    return false;
  }

  return search(initial, ordered.length);
}
