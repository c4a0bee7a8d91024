import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { resolve } from "node:path";
import { setTimeout as waitFor } from "node:timers/promises";
import type { Command } from "commander";
import { isLoopback } from "../engine/loopback.ts";
import { visible } from "../report/untrusted-text.ts";
import type { Certificate, CertificateFiles } from "../server/certificate.ts";
import type { CertificateEvent, CertificateSource } from "../server/certificate-watch.ts";
import type { ListenAddress } from "../server/listener.ts";
import type { S3Location } from "../server/s3-location.ts";
import { databaseName } from "../store/postgres/database-name.ts";
import { addJsonOption, type JsonOption } from "./json-option.ts";
import {
  addRetentionOptions,
  type RetentionOptions,
  retentionOf,
  retentionText,
} from "./retention-options.ts";
import { type Answer, runService, terminalLog } from "./run.ts";
import { addStorageOptions, artifactsOption, type StorageOptions } from "./storage-options.ts";
import { addTlsOptions, certificateFilesOf, type TlsOptions } from "./tls-options.ts";
import { wholeNumber } from "./whole-number.ts";

interface ServeOptions extends JsonOption, StorageOptions, TlsOptions, RetentionOptions {
  readonly artifacts?: S3Location;
  readonly host: string;
  readonly port: number;
  readonly auth: boolean;
  readonly drainSeconds: number;
  readonly verbose: boolean;
}

/** Registered with IANA for nothing. */
const defaultPort = 7180;
/** Service managers and container platforms kill what takes longer; a call takes far less, an upload may not. */
const closeLimitMs = 8_000;

export function addServeCommand(program: Command): void {
  const command = addStorageOptions(
    program
      .command("serve")
      .description(
        "Start a control plane: workflows, releases, clusters, jobs and artifacts, in one folder or a database.",
      ),
  )
    .addOption(artifactsOption())
    .option("--host <host>", "address to listen on", "127.0.0.1")
    .option("--port <port>", "port to listen on; 0 takes a free one", wholeNumber(0, 65_535), defaultPort)
    .option("--no-auth", "serve without API keys; on loopback addresses only")
    .option(
      "--drain-seconds <seconds>",
      "when stopped: say to load balancers (/readyz) for this long that it stops, and serve on meanwhile",
      wholeNumber(0, 3_600),
      0,
    )
    .option("--verbose", "log each request, one line", false);
  addJsonOption(addRetentionOptions(addTlsOptions(command))).action(async (options: ServeOptions) => {
    await runService(options, (signal, announce) => serve(options, signal, announce));
  });
}

async function serve(
  options: ServeOptions,
  signal: AbortSignal,
  announce: (answer: Answer) => void,
): Promise<void> {
  const files = certificateFilesOf(options);
  using certificates = files === undefined ? undefined : await openCertificates(files);
  const { openControlPlane } = await import("../server/control-plane.ts");
  const dataFolder = resolve(options.data);
  const controlPlane = await openControlPlane({
    dataFolder,
    database: options.database,
    artifacts: options.artifacts,
    ...retentionOf(options),
    onRemoved: ({ jobs, artifacts }) =>
      terminalLog.info(`Removed what is kept no longer: ${jobs} jobs, ${artifacts} artifacts`),
    clock: Date.now,
    random: randomBytes,
    verify: async (archive, digest) => {
      const { verifyArchive } = await import("../artifact/verify.ts");
      return await verifyArchive(archive, digest);
    },
    report: ({ what, reference, error }) =>
      terminalLog.warning(`${what} failed (${reference}): ${error instanceof Error ? error.stack : error}`),
    ...(options.verbose && {
      onAnswer: ({ method, path, status, durationMs }) =>
        terminalLog.info(visible(`${method} ${path} ${status} ${durationMs.toFixed(1)} ms`)),
    }),
  });
  try {
    const auth = options.auth ? "keys" : "none";
    const asked = { kind: "tcp", host: options.host, port: options.port } as const;
    const [address = asked] = (await controlPlane.listen([asked], auth, certificates)).addresses;
    const keys = await controlPlane.store.keys.listKeys();
    const usable = keys.filter(({ revokedAtMs }) => revokedAtMs === undefined).length;
    const tls = certificates === undefined ? undefined : validityOf(certificates.current);
    const url = urlOf(address, tls === undefined ? "http" : "https");
    if (tls === undefined && !isLoopback(options.host)) terminalLog.warning(inTheClear(url));
    announce(announcement({ url, tls, ...placeOf(options), auth, keys: usable, keeps: keepsOf(options) }));
    if (!signal.aborted) await once(signal, "abort");
    terminalLog.info("Stopping");
    controlPlane.drain();
    await waitFor(options.drainSeconds * 1_000);
  } finally {
    await controlPlane.close(closeLimitMs);
  }
}

async function openCertificates(files: CertificateFiles): Promise<CertificateSource> {
  const { openCertificate } = await import("../server/certificate-watch.ts");
  const { processTimers } = await import("../server/timers.ts");
  return await openCertificate(files, { timers: processTimers, clock: Date.now, onEvent: tellOfCertificate });
}

function tellOfCertificate(event: CertificateEvent): void {
  if (event.kind === "replaced") {
    const text = certificateText(validityOf(event.certificate));
    terminalLog.info(visible(`The TLS certificate was replaced by one ${text}`));
  } else {
    terminalLog.warning(visible(event.why));
  }
}

function inTheClear(url: string): string {
  return (
    `API keys and archives travel to ${url} in the clear: give --tls-cert and --tls-key, ` +
    "unless a proxy that speaks TLS is the only one who can connect"
  );
}

interface Validity {
  /** What clients may call the server, as the certificate says it. */
  readonly names: string;
  /** ISO 8601. */
  readonly validUntil: string;
}

function validityOf({ names, validToMs }: Certificate): Validity {
  return { names, validUntil: new Date(validToMs).toISOString() };
}

function certificateText({ names, validUntil }: Validity): string {
  return `for ${names === "" ? "no name" : names}, valid until ${validUntil.slice(0, 10)}`;
}

interface Announced {
  readonly url: string;
  /** Undefined when it speaks in the clear. */
  readonly tls: Validity | undefined;
  /** Undefined where nothing is kept in it. */
  readonly dataFolder: string | undefined;
  readonly database: string | undefined;
  readonly artifacts: string | undefined;
  readonly auth: "keys" | "none";
  readonly keys: number;
  readonly keeps: RetentionOptions;
}

function placeOf({ data, database, artifacts }: ServeOptions) {
  const usesFolder = database === undefined || artifacts === undefined;
  return {
    dataFolder: usesFolder ? resolve(data) : undefined,
    database: database === undefined ? undefined : databaseName(database),
    artifacts: artifacts === undefined ? undefined : `s3://${artifacts.bucket}/${artifacts.prefix}`,
  };
}

function keepsOf(options: ServeOptions): RetentionOptions {
  const { keepJobsDays, keepJobs, keepArtifactsDays, keepTelemetryDays, keepTelemetryMib } = options;
  return { keepJobsDays, keepJobs, keepArtifactsDays, keepTelemetryDays, keepTelemetryMib };
}

function announcement(announced: Announced): Answer {
  const { url, tls, dataFolder, database, artifacts, auth, keys, keeps } = announced;
  const place = database === undefined ? `--data ${JSON.stringify(dataFolder)}` : "--database URL";
  const makeKey = `workflow-release key create NAME ${place}`;
  const authLine = {
    none: "No API key is asked for: whoever can connect may do everything",
    keys:
      keys > 0 ? `API keys: ${keys}; make another one: ${makeKey}` : `No API key yet; make one: ${makeKey}`,
  }[auth];
  const dataLine = [
    `Data in ${database ?? dataFolder}`,
    ...(database === artifacts ? [] : [`artifacts in ${artifacts ?? dataFolder}`]),
  ].join(", ");
  return {
    json: { ...announced },
    text: [
      `Control plane at ${url}`,
      ...(tls === undefined ? [] : [visible(`TLS certificate ${certificateText(tls)}`)]),
      dataLine,
      retentionText(keeps),
      authLine,
      "Ctrl+C stops it",
    ].join("\n"),
  };
}

function urlOf(address: ListenAddress, scheme: "http" | "https"): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  return `${scheme}://${isIPv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`;
}
