/** The transfer of artifacts over HTTP/1.1. */
import { createReadStream } from "node:fs";
import type http from "node:http";
import { Readable } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";
import { idToBytes, parseId } from "../engine/id.ts";
import { UserError } from "../errors.ts";
import {
  type ArtifactTransfer,
  archiveContentType,
  artifactIdHeader,
  artifactPath,
  artifactSha256Header,
  artifactSizeHeader,
  type StoredArtifact,
} from "./artifact-transfer.ts";
import type { FailedCall } from "./call-rules.ts";
import { fromDetails } from "./error-details.ts";
import { exchange, type OpenRequest, requireSuccess, withErrors } from "./http-exchange.ts";
import { fromWireError } from "./wire-error.ts";

/** No tar has this digest: our own control plane says so in a way of its own, which nobody else answers. */
const noArtifact = "0".repeat(64);

/** How servers say that there is nothing at a path, or nothing for this key or this method. */
const withoutSuchPath = new Set([400, 401, 403, 404, 405, 406, 410, 415, 501]);

export function createHttpArtifacts(
  open: OpenRequest,
  host: string,
): Omit<ArtifactTransfer, "keepContract" | "findContract"> {
  const callOf = (name: string, signal: AbortSignal | undefined): FailedCall => ({
    name,
    host,
    missing: ["artifact"],
    signal,
  });

  const find: ArtifactTransfer["findArtifact"] = async (digest, signal) => {
    const call = callOf("looking for the artifact", signal);
    return withErrors(call, async () => {
      const response = await exchange(open("HEAD", artifactPath(digest), {}), undefined, signal);
      response.resume();
      if (response.statusCode === 404 && response.headers["content-type"]?.startsWith("application/json")) {
        return undefined;
      }
      await requireSuccess(response);
      return describe(digest, response);
    });
  };

  return {
    hasArtifactEndpoint: (signal) =>
      withErrors(callOf("asking for its artifact endpoint", signal), async () => {
        const response = await exchange(open("GET", artifactPath(noArtifact), {}), undefined, signal);
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) {
          response.destroy();
          return false;
        }
        try {
          await requireSuccess(response);
          return false;
        } catch (thrown) {
          const code = fromDetails(ConnectError.from(thrown))?.code;
          if (code === "artifact-not-found") return true;
          if (code === undefined && withoutSuchPath.has(status)) return false;
          throw thrown;
        }
      }),
    findArtifact: find,
    async uploadArtifact({ digest, archivePath, sizeBytes }, signal) {
      const found = await find(digest, signal);
      if (found !== undefined) return { artifactId: idToBytes(found.id), uploaded: false };
      return withErrors(callOf("uploading the artifact", signal), async () => {
        const headers = { "content-type": archiveContentType, "content-length": sizeBytes };
        const body = createReadStream(archivePath);
        const response = await exchange(open("PUT", artifactPath(digest), headers), body, signal);
        await requireSuccess(response);
        response.resume();
        return {
          artifactId: idToBytes(describe(digest, response).id),
          uploaded: response.statusCode === 201,
        };
      });
    },
    async downloadArtifact(digest, maxSizeBytes, signal) {
      const call = callOf("downloading the artifact", signal);
      return withErrors(call, async () => {
        const response = await exchange(open("GET", artifactPath(digest), {}), undefined, signal);
        await requireSuccess(response);
        try {
          const artifact = describe(digest, response);
          if (artifact.archiveSizeBytes > maxSizeBytes) {
            const sizes = `${artifact.archiveSizeBytes} bytes, more than the ${maxSizeBytes} that are accepted`;
            throw new UserError("artifact-too-large", `The archive of artifact ${digest} has ${sizes}`);
          }
          const bytes = exactly(artifact.archiveSizeBytes, response, call);
          return { ...artifact, archive: Readable.from(bytes, { objectMode: false }) };
        } catch (error) {
          response.destroy();
          throw error;
        }
      });
    },
  };
}

/** Reads the head of an answer; a server that leaves out or mangles what it must say is no control plane. */
function describe(digest: string, response: http.IncomingMessage): StoredArtifact {
  const id = parseId<"artifact">(header(response, artifactIdHeader));
  const archiveSha256 = header(response, artifactSha256Header);
  const size = header(response, artifactSizeHeader);
  if (id === undefined || !/^[0-9a-f]{64}$/.test(archiveSha256) || !/^\d{1,15}$/.test(size)) {
    const type = header(response, "content-type") || "no content type";
    throw new ConnectError(`unsupported content type ${type}`, Code.Unknown);
  }
  return { id, digest, archiveSha256, archiveSizeBytes: Number(size) };
}

function header(response: http.IncomingMessage, name: string): string {
  const value = response.headers[name];
  return typeof value === "string" ? value : "";
}

/** Passes on exactly that many bytes, and fails as an error of the table otherwise. */
async function* exactly(
  sizeBytes: number,
  response: http.IncomingMessage,
  call: FailedCall,
): AsyncGenerator<Uint8Array> {
  let seenBytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      seenBytes += chunk.length;
      if (seenBytes > sizeBytes) break;
      yield chunk;
    }
    if (seenBytes !== sizeBytes) {
      const seen = seenBytes > sizeBytes ? "more" : `only ${seenBytes}`;
      throw new ConnectError(`the archive should have ${sizeBytes} bytes and has ${seen}`, Code.DataLoss);
    }
  } catch (thrown) {
    throw fromWireError(thrown, call);
  }
}
