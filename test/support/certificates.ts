/** A certificate authority that exists for one test, and server certificates that it signs. */
// The library that makes certificates asks for this polyfill.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const dayMs = 24 * 3_600_000;

export interface TestAuthority {
  /** PEM. */
  readonly root: string;
  /** A certificate for `localhost` and 127.0.0.1, valid from yesterday until `days` from now. */
  issue(days?: number): Promise<{ readonly cert: string; readonly key: string }>;
}

export async function createAuthority(): Promise<TestAuthority> {
  const keys = await newKeys();
  const root = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: "01",
      name: "CN=Test authority",
      ...validity(30),
      keys,
      signingAlgorithm: algorithm,
      extensions: [new BasicConstraintsExtension(true, undefined, true)],
    },
    webcrypto,
  );
  let serial = 1;
  return {
    root: root.toString("pem"),
    async issue(days = 30) {
      const own = await newKeys();
      serial++;
      const certificate = await X509CertificateGenerator.create(
        {
          serialNumber: serial.toString(16).padStart(2, "0"),
          subject: "CN=localhost",
          issuer: root.subject,
          ...validity(days),
          publicKey: own.publicKey,
          signingKey: keys.privateKey,
          signingAlgorithm: algorithm,
          extensions: [
            new BasicConstraintsExtension(false),
            new SubjectAlternativeNameExtension([
              { type: "dns", value: "localhost" },
              { type: "ip", value: "127.0.0.1" },
            ]),
          ],
        },
        webcrypto,
      );
      const key = await webcrypto.subtle.exportKey("pkcs8", own.privateKey);
      return { cert: certificate.toString("pem"), key: PemConverter.encode(key, "PRIVATE KEY") };
    },
  };
}

/** Writes the two files, over those that are there. */
export async function writePair(
  folder: string,
  { cert, key }: { readonly cert: string; readonly key: string },
): Promise<{ readonly certFile: string; readonly keyFile: string }> {
  const files = { certFile: join(folder, "tls.crt"), keyFile: join(folder, "tls.key") };
  await Promise.all([writeFile(files.certFile, cert), writeFile(files.keyFile, key)]);
  return files;
}

function newKeys() {
  return webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

function validity(days: number) {
  const nowMs = Date.now();
  // An expired one began long before it ended.
  const notBefore = new Date(nowMs - (days > 0 ? 1 : 90) * dayMs);
  return { notBefore, notAfter: new Date(nowMs + days * dayMs) };
}
