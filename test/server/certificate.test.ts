import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { UserError } from "../../src/errors.ts";
import { readCertificate, validityWarning } from "../../src/server/certificate.ts";
import { type CertificateEvent, openCertificate } from "../../src/server/certificate-watch.ts";
import { createAuthority, type TestAuthority, writePair } from "../support/certificates.ts";
import { ManualTimers } from "../support/manual-timers.ts";
import { createScratchFolder, type ScratchFolder } from "../support/scratch-folder.ts";

let authority: TestAuthority;
let folder: ScratchFolder;
before(async () => {
  authority = await createAuthority();
  folder = await createScratchFolder();
});
after(() => folder[Symbol.asyncDispose]());

/** Everything that is said of a pair of files, one line each. */
async function problemsOf(cert: string, key: string): Promise<string> {
  await folder.write({ "c.pem": cert, "k.pem": key });
  const [certFile, keyFile] = [join(folder.path, "c.pem"), join(folder.path, "k.pem")];
  try {
    await readCertificate({ certFile, keyFile });
    return "";
  } catch (error) {
    assert.ok(error instanceof UserError && error.code === "tls-invalid");
    const lines = error.problems.map(({ file = "", message }) => `${file.split(/[\\/]/).at(-1)} ${message}`);
    return lines.join("\n");
  }
}

describe("a certificate and its key", () => {
  test("are taken with a chain behind, and with what stands around them", async () => {
    const { cert, key } = await authority.issue();
    assert.equal(await problemsOf(`Subject: localhost\n${cert}\n${authority.root}`, `\n${key}\n`), "");
    const files = await writePair(folder.path, { cert, key });
    const { names, validFromMs, validToMs } = await readCertificate(files);
    assert.equal(names, "DNS:localhost, IP Address:127.0.0.1");
    assert.ok(validFromMs < Date.now() && Date.now() < validToMs);
  });

  test("are refused with what is wrong with each", async () => {
    const { cert, key } = await authority.issue();
    const other = await authority.issue();
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const locked = privateKey.export({
      type: "pkcs8",
      format: "pem",
      cipher: "aes-256-cbc",
      passphrase: "x",
    });
    const small = generateKeyPairSync("rsa", { modulusLength: 512 }).privateKey;
    const broken = cert.replace(/\n[A-Za-z0-9+/]{20}/, "\nAAAAAAAAAAAAAAAAAAAA");
    for (const [certText, keyText, said] of [
      ["", "", /^c\.pem holds no PEM certificate .*\nk\.pem holds no PEM private key/],
      [key, cert, /^c\.pem holds a private key, not.*\nk\.pem holds a certificate, not/],
      [broken, key, /^c\.pem holds a certificate that cannot be read: /],
      [cert, key.replace(/\n[A-Za-z0-9+/]{20}/, "\n!!!!"), /^k\.pem holds a key that cannot be read: /],
      [cert, String(locked), /^k\.pem is encrypted, and nobody is there/],
      [cert, other.key, /^c\.pem belongs to another key than the one that is given$/],
      [`${authority.root}\n${cert}`, key, /^c\.pem has the certificate of the key not first/],
      [cert, String(small.export({ type: "pkcs8", format: "pem" })), /^c\.pem belongs to another key/],
    ] as const) {
      const problems = await problemsOf(certText, keyText);
      assert.match(problems, said);
      // A key's text must not get into a log.
      assert.ok(!problems.includes(key.split("\n")[1] ?? "?"));
    }
  });

  test("are refused when they cannot be read, both at once", async () => {
    const folderAsFile = join(folder.path, "folder");
    await mkdir(folderAsFile);
    const missing = join(folder.path, "missing.pem");
    await assert.rejects(readCertificate({ certFile: missing, keyFile: folderAsFile }), (error) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual(error.problems, [
        { file: missing, message: "does not exist" },
        { file: folderAsFile, message: "is a folder" },
      ]);
      return true;
    });
  });

  test("may be out of date, which is said with the day", async () => {
    const files = await writePair(folder.path, await authority.issue(-3));
    const expired = await readCertificate(files);
    const on = new Date(expired.validToMs).toISOString().slice(0, 10);
    assert.equal(
      validityWarning(expired, Date.now()),
      `The TLS certificate expired on ${on}: clients refuse it`,
    );
    assert.match(validityWarning(expired, expired.validFromMs - 1) ?? "", /is not valid before 20\d\d-/);
    assert.equal(validityWarning(expired, expired.validToMs), undefined);
  });
});

/** A watch whose time the test moves. */
async function watch(files: { certFile: string; keyFile: string }, clock: () => number = Date.now) {
  const timers = new ManualTimers();
  const events: CertificateEvent[] = [];
  const source = await openCertificate(files, { timers, clock, onEvent: (event) => events.push(event) });
  return {
    source,
    /** What is told of during this many looks. */
    async look(times = 1): Promise<CertificateEvent[]> {
      for (let look = 0; look < times; look++) {
        timers.advance(10_000);
        while (timers.pending === 0) await turn();
      }
      return events.splice(0);
    },
    pending: () => timers.pending,
    events,
  };
}

describe("a certificate that is replaced on the disk", () => {
  test("is taken up, and told of once", async () => {
    await using own = await createScratchFolder();
    const files = await writePair(own.path, await authority.issue());
    const { source, look } = await watch(files);
    const taken: string[] = [];
    source.onReplaced(({ cert }) => taken.push(cert));
    assert.deepEqual(await look(2), []);
    const next = await authority.issue();
    await writePair(own.path, next);
    assert.deepEqual(
      (await look(2)).map(({ kind }) => kind),
      ["replaced"],
    );
    assert.deepEqual([source.current.cert, taken], [next.cert, [next.cert]]);
  });

  test("is taken up behind the links of Kubernetes and of certbot", async () => {
    await using own = await createScratchFolder();
    const pairs = [await authority.issue(), await authority.issue(), await authority.issue()];
    for (const [index, pair] of pairs.entries()) {
      await own.write({ [`v${index}/tls.crt`]: pair.cert, [`v${index}/tls.key`]: pair.key });
    }
    const at = (name: string) => join(own.path, name);
    await symlink("v0", at("data"));
    await symlink("data/tls.crt", at("tls.crt"));
    await symlink("data/tls.key", at("tls.key"));
    const { source, look } = await watch({ certFile: at("tls.crt"), keyFile: at("tls.key") });
    // Kubernetes swaps the link to the folder of both.
    await symlink("v1", at("data.new"));
    await rename(at("data.new"), at("data"));
    await look();
    assert.equal(source.current.cert, pairs[1]?.cert);
    // certbot swaps the files' links one by one.
    for (const name of ["tls.crt", "tls.key"]) {
      await symlink(`v2/${name}`, at("new"));
      await rename(at("new"), at(name));
    }
    await look();
    assert.equal(source.current.cert, pairs[2]?.cert);
  });

  test("leaves the one before when it is none, and says so once", async () => {
    await using own = await createScratchFolder();
    const first = await authority.issue();
    const files = await writePair(own.path, first);
    const { source, look } = await watch(files);
    const next = await authority.issue();
    await writeFile(files.certFile, next.cert);
    assert.deepEqual(await look(), [], "the key may follow");
    const [refused, ...more] = await look(5);
    assert.ok(refused?.kind === "refused");
    assert.match(refused.why, /before stays in use: .* belongs to another key/);
    assert.deepEqual([more, source.current.cert], [[], first.cert]);
    await writeFile(files.keyFile, next.key);
    assert.deepEqual(
      (await look()).map(({ kind }) => kind),
      ["replaced"],
    );
    await writeFile(files.keyFile, "");
    assert.deepEqual(
      (await look(3)).map(({ kind }) => kind),
      ["refused"],
    );
  });

  test("is warned of when its time ends, and is looked at no more once closed", async () => {
    await using own = await createScratchFolder();
    const files = await writePair(own.path, await authority.issue(1));
    let nowMs = Date.now();
    const { source, look, events, pending } = await watch(files, () => nowMs);
    assert.deepEqual(events, []);
    nowMs += 2 * 24 * 3_600_000;
    assert.deepEqual(
      (await look(3)).map(({ kind }) => kind),
      ["out-of-date"],
    );
    await writePair(own.path, await authority.issue(1));
    nowMs = Date.now();
    assert.deepEqual(
      (await look(2)).map(({ kind }) => kind),
      ["replaced"],
    );
    source[Symbol.dispose]();
    assert.equal(pending(), 0);
  });
});
