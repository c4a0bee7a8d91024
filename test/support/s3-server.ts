/** An S3 server of one's own, with one bucket, in a temporary folder. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as waitFor } from "node:timers/promises";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { seaweedfsProgram } from "../../.ci/seaweedfs.mjs";
import { freePort } from "./free-port.ts";
import { createScratchFolder } from "./scratch-folder.ts";

export interface S3Server extends AsyncDisposable {
  /** For --artifacts. */
  readonly location: string;
  /** What a client's environment needs. */
  readonly env: Readonly<Record<string, string>>;
  readonly client: S3Client;
  readonly bucket: string;
}

const bucket = "artifacts";
const keys = { accessKeyId: "test", secretAccessKey: "test-secret" };
/** SeaweedFS starts four servers in one process, which takes some seconds on a busy machine. */
const startMs = 60_000;

export async function startS3Server(): Promise<S3Server> {
  const folder = await createScratchFolder();
  const names = ["master.port", "volume.port", "filer.port", "s3.port", "master.port.grpc"];
  names.push("volume.port.grpc", "filer.port.grpc", "s3.port.grpc");
  const ports = new Map<string, number>();
  for (const name of names) ports.set(name, await freePort());
  const env = { AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey };
  const child = spawn(
    seaweedfsProgram(),
    [
      "server",
      `-dir=${folder.path}`,
      "-ip=127.0.0.1",
      "-ip.bind=127.0.0.1",
      "-filer",
      "-s3",
      // They have one port each on a machine: a second server would end for it.
      "-s3.port.iceberg=0",
      "-s3.port.lance=0",
      "-master.volumeSizeLimitMB=64",
      "-volume.max=20",
      ...[...ports].map(([name, port]) => `-${name}=${port}`),
    ],
    { stdio: "ignore", cwd: folder.path, env: { ...process.env, ...env } },
  );
  const endpoint = `http://127.0.0.1:${ports.get("s3.port")}`;
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials: keys });
  try {
    await makeBucket(client, child);
  } catch (error) {
    await stop(child);
    throw error;
  }
  return {
    location: `s3://${bucket}/releases?endpoint=${encodeURIComponent(endpoint)}&region=us-east-1`,
    env,
    client,
    bucket,
    async [Symbol.asyncDispose]() {
      client.destroy();
      await stop(child);
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function makeBucket(client: S3Client, child: ChildProcess): Promise<void> {
  const endMs = performance.now() + startMs;
  for (;;) {
    try {
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      return;
    } catch (error) {
      if (child.exitCode !== null || performance.now() > endMs) throw error;
      await waitFor(200);
    }
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
