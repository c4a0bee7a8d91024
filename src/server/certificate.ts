/** A TLS certificate and its key as two PEM files: read, checked, and explained where they do not fit. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { messageOf, type Problem, UserError } from "../errors.ts";

export interface CertificateFiles {
  /** The server's certificate first, then those that lead to its root. */
  readonly certFile: string;
  readonly keyFile: string;
}

export interface Certificate {
  /** Both PEM, as they stand in the files. */
  readonly cert: string;
  readonly key: string;
  /** What clients may call the server, as `DNS:a.example, IP Address:10.0.0.1`; empty when it names nothing. */
  readonly names: string;
  readonly validFromMs: number;
  readonly validToMs: number;
}

/**
 * Throws tls-invalid with everything that is wrong with both files. One that is out of date is taken: that
 * is for clients to refuse, and a control plane that does not start would be worse.
 */
export async function readCertificate({ certFile, keyFile }: CertificateFiles): Promise<Certificate> {
  const problems: Problem[] = [];
  const cert = await readText(certFile, problems);
  const key = await readText(keyFile, problems);
  const chain = cert === undefined ? undefined : parseChain(certFile, cert, problems);
  const parsedKey = key === undefined ? undefined : parseKey(keyFile, key, problems);
  const [leaf] = chain ?? [];
  if (chain !== undefined && leaf !== undefined && parsedKey !== undefined) {
    problems.push(...checkPair(certFile, chain, leaf, parsedKey));
  }
  if (problems.length > 0 || cert === undefined || key === undefined || leaf === undefined)
    throw invalid(problems);
  try {
    // What only OpenSSL knows, such as keys that are too short for its security level.
    createSecureContext({ cert, key });
  } catch (cause) {
    throw invalid([{ file: certFile, message: `OpenSSL does not take it: ${messageOf(cause)}` }], cause);
  }
  return {
    cert,
    key,
    names: leaf.subjectAltName ?? "",
    validFromMs: leaf.validFromDate.getTime(),
    validToMs: leaf.validToDate.getTime(),
  };
}

/** Undefined for a certificate that is valid now. */
export function validityWarning(
  { validFromMs, validToMs }: Pick<Certificate, "validFromMs" | "validToMs">,
  nowMs: number,
): string | undefined {
  if (nowMs > validToMs) return `The TLS certificate expired on ${day(validToMs)}: clients refuse it`;
  if (nowMs < validFromMs)
    return `The TLS certificate is not valid before ${day(validFromMs)}: clients refuse it`;
  return undefined;
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

async function readText(file: string, problems: Problem[]): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    problems.push({ file, message: unreadable[code] ?? `cannot be read: ${messageOf(error)}` });
    return undefined;
  }
}

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  EISDIR: "is a folder",
  EACCES: "may not be read by the user that this process runs as",
};

const certificatePem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const keyPem = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/;

function parseChain(file: string, text: string, problems: Problem[]): readonly X509Certificate[] | undefined {
  const blocks = text.match(certificatePem) ?? [];
  if (blocks.length === 0) {
    const message = keyPem.test(text)
      ? "holds a private key, not a certificate"
      : "holds no PEM certificate (-----BEGIN CERTIFICATE-----)";
    problems.push({ file, message, hint: "the certificate's chain, often called fullchain.pem or tls.crt" });
    return undefined;
  }
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    problems.push({ file, message: `holds a certificate that cannot be read: ${messageOf(error)}` });
    return undefined;
  }
}

function parseKey(file: string, text: string, problems: Problem[]): KeyObject | undefined {
  const hint = "the certificate's key, often called privkey.pem or tls.key";
  if (!keyPem.test(text)) {
    const message = text.includes("-----BEGIN CERTIFICATE-----")
      ? "holds a certificate, not a private key"
      : "holds no PEM private key (-----BEGIN PRIVATE KEY-----)";
    problems.push({ file, message, hint });
    return undefined;
  }
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    const message = "is encrypted, and nobody is there to type a passphrase";
    problems.push({ file, message, hint: "openssl pkey -in FILE -out FILE.plain" });
    return undefined;
  }
  try {
    return createPrivateKey(text);
  } catch (error) {
    problems.push({ file, message: `holds a key that cannot be read: ${messageOf(error)}`, hint });
    return undefined;
  }
}

function checkPair(
  file: string,
  chain: readonly X509Certificate[],
  leaf: X509Certificate,
  key: KeyObject,
): readonly Problem[] {
  if (leaf.checkPrivateKey(key)) return [];
  const later = chain.some((certificate) => certificate.checkPrivateKey(key));
  return [
    later
      ? { file, message: "has the certificate of the key not first, but further down", hint: "put it first" }
      : { file, message: "belongs to another key than the one that is given" },
  ];
}

function invalid(problems: readonly Problem[], cause?: unknown): UserError {
  return new UserError("tls-invalid", "TLS cannot be served with these files", { problems, cause });
}
