import { changeText, type DriftCheck, driftWords } from "../release/drift.ts";
import { table } from "./table.ts";

/** Expected and actual, cluster by cluster, for a terminal. */
export function driftLines({ clusters }: DriftCheck): string {
  const text = (release: string | null | undefined, unknown: string) =>
    release === undefined ? unknown : (release ?? "none");
  return table(
    ["CLUSTER", "EXPECTED", "ACTUAL", "", "CHANGED"],
    clusters.map(({ cluster, expected, actual, drift, changedBy }) => [
      ...[cluster, text(expected, "not known"), text(actual, "none")],
      drift === undefined ? "ok" : driftWords[drift],
      changedBy === undefined ? "" : changeText(changedBy),
    ]),
  );
}
