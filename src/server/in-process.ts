/** The control plane without a socket: the same client, the same handlers, nothing in between. */
import { createReadStream } from "node:fs";
import { createRouterTransport } from "@connectrpc/connect";
import type { ArtifactTransfer, StoredArtifact } from "../api/artifact-transfer.ts";
import { type ApiClient, createClientOver } from "../api/client.ts";
import type { HistoryCalls } from "../api/history-calls.ts";
import { idToBytes } from "../engine/id.ts";
import type { Artifact } from "../store/artifact-port.ts";
import { type ArtifactRoom, archiveTooLarge } from "./artifacts.ts";
import type { Routes } from "./routes.ts";

/** The routes' own gate decides who the caller is. */
export function connectInProcess(
  routes: Routes,
  rooms: { readonly artifacts: ArtifactRoom; readonly history: HistoryCalls },
): ApiClient {
  return createClientOver({
    host: "this process",
    transport: createRouterTransport(routes),
    artifacts: createLocalArtifacts(rooms.artifacts),
    history: rooms.history,
  });
}

function createLocalArtifacts(room: ArtifactRoom): ArtifactTransfer {
  return {
    hasArtifactEndpoint: async () => true,
    async findArtifact(digest) {
      const artifact = await room.use(digest);
      return artifact === undefined ? undefined : describe(artifact);
    },
    async uploadArtifact({ digest, archivePath }) {
      const found = await room.use(digest);
      if (found !== undefined) return { artifactId: idToBytes(found.id), uploaded: false };
      const received = await room.receive(digest, createReadStream(archivePath));
      return { artifactId: idToBytes(received.id), uploaded: true };
    },
    async downloadArtifact(digest, maxSizeBytes) {
      const { artifact, archive } = await room.open(digest);
      if (artifact.archiveSizeBytes > maxSizeBytes) {
        archive.destroy();
        throw archiveTooLarge(maxSizeBytes);
      }
      return { ...describe(artifact), archive };
    },
    async keepContract(fingerprint, json) {
      await room.keepContract(fingerprint, json);
      return true;
    },
    findContract: (fingerprint) => room.findContract(fingerprint),
  };
}

function describe({ id, digest, archiveSha256, archiveSizeBytes }: Artifact): StoredArtifact {
  return { id, digest, archiveSha256, archiveSizeBytes };
}
