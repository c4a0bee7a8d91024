import type { WorkflowRelease } from "../api/gen/workflows/v1/workflows_pb.ts";
import { idFromBytes, idToBytes, parseId } from "../engine/id.ts";
import { SystemError } from "../errors.ts";
import type { DeployedRelease } from "./deploy-plan.ts";

/**
 * Reads what a control plane says about a release.
 * @throws SystemError api-failed when it has no id, which every release has.
 */
export function toDeployedRelease(release: WorkflowRelease): DeployedRelease {
  const id = release.id === undefined ? undefined : idFromBytes<"release">(release.id.uuid);
  if (id === undefined)
    throw new SystemError("api-failed", "The control plane answered with a release that has no id");
  return { id, fingerprint: release.content?.fingerprint ?? "", digest: release.artifact?.digest ?? "" };
}

/** The wire form of a release's id, or undefined for text that is not an id. */
export function releaseIdBytes(text: string): Uint8Array<ArrayBuffer> | undefined {
  const id = parseId<"release">(text.toLowerCase());
  return id === undefined ? undefined : idToBytes(id);
}
