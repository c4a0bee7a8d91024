/**
 * What a release must have proven before production gets it: every dev cluster that is named has it now, and the
 * record of its deployment there says that it succeeded and that each of its gates passed.
 */
import { type Problem, type ReleaseError, UserError } from "../errors.ts";
import type { AllowedBy } from "./allowed.ts";
import type { DeployedRelease } from "./deploy-plan.ts";
import type { DeploymentRecord, GateKind, GateRecord } from "./deployment-records.ts";

/** What is known of the release on one dev cluster. */
export interface DevEvidence {
  readonly cluster: string;
  /** What the cluster has of the workflow now. */
  readonly deployed: Pick<DeployedRelease, "id"> | undefined;
  /** How the release that is to be promoted came there last. */
  readonly record: DeploymentRecord | undefined;
  /** Why that could not be read. */
  readonly unread?: ReleaseError;
}

export interface DevProof extends DevEvidence {
  /** The last result of each kind. */
  readonly gates: readonly GateRecord[];
  /** What is missing, each with what would satisfy it; empty where the proof holds. */
  readonly missing: readonly Problem[];
}

export interface Promotion {
  readonly release: string;
  readonly dev: readonly DevProof[];
  /** Of all clusters together; empty when the release is proven. */
  readonly missing: readonly Problem[];
  /** Who lets it pass though something is missing. */
  readonly allowedBy?: AllowedBy | undefined;
}

/** `requiredGates`: kinds that must have passed on dev beside those that its deployment had. */
export function judgePromotion(
  release: { readonly id: string; readonly workflow: string },
  dev: readonly DevEvidence[],
  requiredGates: readonly GateKind[],
): Promotion {
  const proofs = dev.map((evidence) => proofOf(release, evidence, requiredGates));
  const none: Problem = {
    message: "no dev cluster is named, and only a dev cluster can prove a release",
    hint: "name in dev-cluster the clusters that the release was deployed to first",
  };
  const missing = dev.length === 0 ? [none] : proofs.flatMap((proof) => proof.missing);
  return { release: release.id, dev: proofs, missing };
}

/** @throws UserError promotion-unproven with everything that is missing on all clusters */
export function requireProven({ release, missing, allowedBy }: Promotion): void {
  if (missing.length === 0 || allowedBy !== undefined) return;
  throw new UserError("promotion-unproven", `Release ${release} is not proven on dev`, { problems: missing });
}

function proofOf(
  release: { readonly id: string; readonly workflow: string },
  evidence: DevEvidence,
  requiredGates: readonly GateKind[],
): DevProof {
  const gates = lastOfEachKind(evidence.record?.gates ?? []);
  const missing = missingOn(release, evidence, gates, requiredGates).map(
    ({ message, hint }): Problem => ({ message: `${evidence.cluster}: ${message}`, hint }),
  );
  return { ...evidence, gates, missing };
}

interface Missing {
  readonly message: string;
  /** What would satisfy it. */
  readonly hint: string;
}

function missingOn(
  { id, workflow }: { readonly id: string; readonly workflow: string },
  { cluster, deployed, record, unread }: DevEvidence,
  gates: readonly GateRecord[],
  requiredGates: readonly GateKind[],
): Missing[] {
  const deploy = `workflow-release deploy --workflow ${workflow} --release ${id} --dev-cluster ${cluster}`;
  const byRun = `a run with release: ${id} and dev-cluster: ${cluster} alone, or ${deploy}`;
  if (deployed?.id !== id) {
    const now = deployed === undefined ? `no release of ${workflow}` : `release ${deployed.id}`;
    return [{ message: `has ${now}`, hint: `deploy it there: ${byRun}` }];
  }
  if (unread !== undefined) {
    return [{ message: `how it came there could not be read: ${unread.message}`, hint: unread.next }];
  }
  if (record === undefined) {
    const where = "neither the control plane's history nor GitHub Deployments";
    return [
      { message: `has it, but ${where} say how it came there`, hint: `deploy it there again: ${byRun}` },
    ];
  }
  const again = record.run?.url === undefined ? byRun : `run ${record.run.url} again, or ${byRun}`;
  const ended = badEnd(record);
  if (ended !== undefined) return [{ message: ended, hint: again }];
  const failed = gates.filter(({ outcome }) => outcome === "failed");
  const run = new Set(gates.map(({ gate }) => gate));
  const expected = [...new Set([...(record.plannedGates ?? []), ...requiredGates])];
  return [
    ...failed.map(({ gate, message }) => ({
      message: `the gate ${gate} failed: ${message}`,
      hint: `mend what it names, then ${again}`,
    })),
    ...expected
      .filter((gate) => !run.has(gate))
      .map((gate) => ({
        message: `no record says that the gate ${gate} passed`,
        hint: `deploy it there with gate: ${gate}: ${again}`,
      })),
  ];
}

function badEnd({ outcome }: DeploymentRecord): string | undefined {
  switch (outcome) {
    case "succeeded":
      return undefined;
    case "failed":
      return "its deployment failed";
    case "unfinished":
      return "the run that deployed it did not end";
    case "superseded":
      return "has it, but the last deployment that is recorded is another one";
    case "rolled-back":
      return "it was rolled back there";
  }
}

/** They come newest first. */
function lastOfEachKind(gates: readonly GateRecord[]): GateRecord[] {
  return [...new Map(gates.toReversed().map((gate) => [gate.gate, gate])).values()];
}
