import { create } from "@bufbuild/protobuf";
import {
  PublishWorkflowReleaseRequestSchema,
  ReleaseContentSchema,
} from "../../api/gen/workflows/v1/workflows_pb.ts";
import type { Build } from "../../build/build.ts";
import { messageOf } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { fileTree } from "../file-tree.ts";
import type { ReleaseApi } from "../release-api.ts";
import { toDeployedRelease } from "../release-id.ts";
import type { Publisher } from "./publisher.ts";

interface EndpointOptions {
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Uploads the archive and names it in PublishWorkflowRelease. Bytes that the server has are not sent again. */
export function createEndpointPublisher(api: ReleaseApi, options: EndpointOptions): Publisher {
  const { signal, log } = options;
  return {
    name: "the control plane's artifact endpoint",
    async publish(build) {
      const { digest, archive, slug } = build;
      const { artifactId, uploaded } = await api.uploadArtifact(
        { digest, archivePath: archive.path, sizeBytes: archive.sizeBytes },
        signal,
      );
      log.info(
        uploaded ? `Uploaded ${archive.sizeBytes} bytes` : "The control plane already has these bytes",
      );
      await keepContract(api, build, options);
      const request = create(PublishWorkflowReleaseRequestSchema, {
        workflowSlug: slug,
        artifactId: { uuid: artifactId },
        content: releaseContent(build),
      });
      const release = await api.workflows.publishWorkflowRelease(request, { signal });
      return { id: toDeployedRelease(release).id, fingerprint: build.fingerprint, digest };
    },
  };
}

/** Before the release exists, because whoever finds the release has no build to take a contract from. */
async function keepContract(api: ReleaseApi, build: Build, { signal, log }: EndpointOptions): Promise<void> {
  const json = JSON.stringify(build.contract);
  try {
    if (await api.keepContract(build.fingerprint, json, signal)) return;
    log.info("The control plane keeps no task contracts: later releases are compared by names and versions");
  } catch (error) {
    signal.throwIfAborted();
    log.info(`The task contract was not kept: ${messageOf(error)}`);
  }
}

function releaseContent(build: Build) {
  return create(ReleaseContentSchema, {
    fingerprint: build.fingerprint,
    tasks: build.tasks.map(({ name, version }) => ({ name, version })),
    files: fileTree(build.manifest),
    ...(build.entrypoint.kind === "runner"
      ? { runnerObjectPath: build.entrypoint.objectPath }
      : { commandOverride: [...build.entrypoint.argv] }),
  });
}
