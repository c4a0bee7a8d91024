import type { Client } from "@connectrpc/connect";
import type { JobService } from "../api/gen/workflows/v1/job_pb.ts";
import type { WorkflowsService } from "../api/gen/workflows/v1/workflows_pb.ts";

import type { HistoryCalls } from "../api/history-calls.ts";
import type { RunProvenance } from "../engine/provenance.ts";

/**
 * What publishing and deploying need of a control plane; src/api/client.ts gives it over a network or in
 * process. Its calls are repeated by it where that is safe and end within its own limits, and throw
 * errors of the error table.
 */
export interface ReleaseApi extends HistoryCalls {
  readonly workflows: Client<typeof WorkflowsService>;
  readonly jobs: Client<typeof JobService>;
  /** What each change says of its run; a deploy or undeploy with changeHeaders of its own says it there. */
  readonly run: RunProvenance;
  /** False for a server of the public API alone: bytes get to it through the official CLI. */
  hasArtifactEndpoint(signal: AbortSignal): Promise<boolean>;
  /**
   * Makes the control plane hold these bytes and answers with the artifact's id. Bytes that it already
   * has are not sent again.
   */
  uploadArtifact(
    artifact: { readonly digest: string; readonly archivePath: string; readonly sizeBytes: number },
    signal: AbortSignal,
  ): Promise<{ readonly artifactId: Uint8Array; readonly uploaded: boolean }>;
  /** The `.tar.zst` of an artifact, unverified. Destroy it when it is not read to its end. */
  downloadArtifact(
    digest: string,
    maxSizeBytes: number,
    signal: AbortSignal,
  ): Promise<{ readonly archive: AsyncIterable<Uint8Array> }>;
  /** Keeps the first task contract of a fingerprint; false where the control plane keeps none. */
  keepContract(fingerprint: string, json: string, signal: AbortSignal): Promise<boolean>;
  /** As it was kept, unverified; undefined where there is none. */
  findContract(fingerprint: string, signal: AbortSignal): Promise<string | undefined>;
}
