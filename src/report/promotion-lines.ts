import type { DeploymentRecord, GateRecord } from "../release/deployment-records.ts";
import type { DevProof, Promotion } from "../release/promotion.ts";
import { allowedText } from "./allowed-text.ts";
import { oneLine } from "./untrusted-text.ts";

/** The proof of a promotion as lines of text. */
export function promotionLines({ release, dev, missing, allowedBy }: Promotion): string[] {
  const of = missing.filter(
    ({ message }) => !dev.some((proof) => proof.missing.some((m) => m.message === message)),
  );
  const allowed = allowedBy === undefined ? [] : [`  without proof, ${allowedText("unproven", allowedBy)}`];
  return [
    `Promotion of release ${release}:`,
    ...dev.flatMap(proofLines),
    ...of.map(({ message }) => `  missing: ${message}`),
    ...allowed,
  ].map(oneLine);
}

function proofLines({ cluster, record, gates, missing }: DevProof): string[] {
  if (missing.length > 0) return missing.map(({ message }) => `  missing: ${message}`);
  return [`  ${cluster}: deployed by ${deployerOf(record)}; gates: ${gatesText(gates)}`];
}

/** The run, the person or the key that deployed, as text. */
export function deployerOf(record: DeploymentRecord | undefined): string {
  return record?.run?.url ?? record?.actor ?? "nobody that is known";
}

export function gatesText(gates: readonly GateRecord[]): string {
  return gates.length === 0 ? "none" : gates.map(({ gate, outcome }) => `${gate} ${outcome}`).join(", ");
}
