/** HEAD, GET and PUT /artifacts/DIGEST: the wire form is stated in src/api/artifact-transfer.ts. */
import type http from "node:http";
import { pipeline } from "node:stream/promises";
import {
  archiveContentType,
  artifactIdHeader,
  artifactSha256Header,
  artifactSizeHeader,
} from "../api/artifact-transfer.ts";
import { UserError } from "../errors.ts";
import type { Artifact } from "../store/artifact-port.ts";
import { type ArtifactRoom, archiveTooLarge } from "./artifacts.ts";
import { cut, type HttpRequest } from "./http-exchange.ts";
import { type HttpExchange, type HttpRoute, sendJson } from "./http-routes.ts";

const path = /^\/artifacts\/(?<digest>[^/]*)$/;

export function artifactRoutes(room: ArtifactRoom, limits: UploadLimits): readonly HttpRoute[] {
  return [
    {
      method: "HEAD",
      path,
      access: "runner",
      what: "read artifacts",
      handle: async ({ response, params: { digest = "" } }) => {
        const artifact = await room.use(digest);
        if (artifact === undefined) throw notFound(digest);
        response.writeHead(200, { ...archiveHeaders(artifact), ...describe(artifact) });
        response.end();
      },
    },
    {
      method: "GET",
      path,
      access: "runner",
      what: "read artifacts",
      handle: (exchange) => download(room, exchange),
    },
    {
      method: "PUT",
      path,
      access: "admin",
      what: "upload artifacts",
      handle: (exchange) => upload(room, limits, exchange),
    },
  ];
}

export interface UploadLimits {
  readonly maxArchiveSizeBytes: number;
  /** No byte for this long ends an upload: another one may wait for its place. */
  readonly uploadIdleMs: number;
}

async function download(room: ArtifactRoom, { request, response, params }: HttpExchange): Promise<void> {
  const digest = params.digest ?? "";
  const found = await room.find(digest);
  if (found === undefined) throw notFound(digest);
  if (request.headers["if-none-match"] === etag(found)) {
    response.writeHead(304, describe(found));
    response.end();
    return;
  }
  const { artifact, archive } = await room.open(digest);
  response.writeHead(200, { ...archiveHeaders(artifact), ...describe(artifact) });
  await pipeline(archive, response);
}

async function upload(
  room: ArtifactRoom,
  { maxArchiveSizeBytes, uploadIdleMs }: UploadLimits,
  { request, response, params, acceptBody }: HttpExchange,
): Promise<void> {
  const digest = params.digest ?? "";
  const found = await room.use(digest);
  if (found !== undefined) return sendArtifact(response, 200, found);
  if (request.headers["content-encoding"] !== undefined) {
    throw new UserError("request-invalid", "An archive is sent as it is, without Content-Encoding");
  }
  if (Number(request.headers["content-length"] ?? 0) > maxArchiveSizeBytes)
    throw archiveTooLarge(maxArchiveSizeBytes);
  acceptBody();
  sendArtifact(response, 201, await room.receive(digest, bodyOf(request, uploadIdleMs)));
}

async function* bodyOf(request: HttpRequest, idleMs: number): AsyncGenerator<Uint8Array> {
  const timer = setTimeout(() => cut(request), idleMs);
  try {
    // Leaving the loop early must not destroy the request: its connection still has to carry the answer.
    const chunks: AsyncIterable<Uint8Array> = request.iterator({ destroyOnReturn: false });
    for await (const chunk of chunks) {
      yield chunk;
      timer.refresh();
    }
  } finally {
    clearTimeout(timer);
  }
}

function sendArtifact(response: HttpExchange["response"], status: 200 | 201, artifact: Artifact): void {
  const { id, digest, archiveSha256, archiveSizeBytes } = artifact;
  sendJson(response, status, { id, digest, archiveSha256, archiveSizeBytes }, describe(artifact));
}

function describe(artifact: Artifact): http.OutgoingHttpHeaders {
  return {
    [artifactIdHeader]: artifact.id,
    [artifactSizeHeader]: artifact.archiveSizeBytes,
    [artifactSha256Header]: artifact.archiveSha256,
    etag: etag(artifact),
  };
}

function archiveHeaders(artifact: Artifact): http.OutgoingHttpHeaders {
  return {
    "content-type": archiveContentType,
    "content-length": artifact.archiveSizeBytes,
    // Named by its digest, so it never changes; `private` because it needs a key.
    "cache-control": "private, max-age=31536000, immutable",
  };
}

function etag(artifact: Artifact): string {
  return `"${artifact.archiveSha256}"`;
}

function notFound(digest: string): UserError {
  return new UserError("artifact-not-found", `There is no artifact ${digest}`);
}
