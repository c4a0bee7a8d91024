import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { type Problem, UserError } from "../errors.ts";
import type { CertificateFiles } from "../server/certificate.ts";

export interface TlsOptions {
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

export function addTlsOptions(command: Command): Command {
  const cert = "PEM file of the server's certificate and its chain: serve TLS, and nothing but TLS";
  return command
    .addOption(new Option("--tls-cert <file>", cert).env("WORKFLOW_RELEASE_TLS_CERT"))
    .addOption(
      new Option("--tls-key <file>", "PEM file of the certificate's key").env("WORKFLOW_RELEASE_TLS_KEY"),
    );
}

/** Undefined without TLS. Throws tls-invalid when one of the two is missing. */
export function certificateFilesOf({ tlsCert, tlsKey }: TlsOptions): CertificateFiles | undefined {
  // An empty variable is how container platforms say that there is none.
  const certFile = tlsCert === "" ? undefined : tlsCert;
  const keyFile = tlsKey === "" ? undefined : tlsKey;
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined) {
    const [given, missing] =
      certFile === undefined ? ["--tls-key", "--tls-cert"] : ["--tls-cert", "--tls-key"];
    const problems: Problem[] = [{ message: `${given} is given without ${missing}` }];
    throw new UserError("tls-invalid", "TLS needs a certificate and its key", { problems });
  }
  return { certFile: resolve(certFile), keyFile: resolve(keyFile) };
}
