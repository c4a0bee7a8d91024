/**
 * Takes up a certificate that was replaced on the disk. The files are read again and again instead of being
 * watched: certbot swaps symbolic links, Kubernetes the folder that they lead through, and neither is seen by
 * a watch on the file everywhere; a signal would need somebody to send it, which no secret's rotation does.
 */
import { causeChain, toReleaseError } from "../errors.ts";
import { type Certificate, type CertificateFiles, readCertificate, validityWarning } from "./certificate.ts";
import type { Timers } from "./timers.ts";

export type CertificateEvent =
  | { readonly kind: "replaced"; readonly certificate: Certificate }
  /** The one before stays in use. */
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "out-of-date"; readonly why: string };

export interface CertificateSource extends Disposable {
  readonly current: Certificate;
  /** Calls back with each one that takes the current one's place. */
  onReplaced(listener: (certificate: Certificate) => void): void;
}

export interface CertificateWatchDeps {
  readonly timers: Timers;
  readonly clock: () => number;
  /** Each state of the files is told of once. */
  readonly onEvent: (event: CertificateEvent) => void;
}

/** Two small files; whoever replaces a certificate does it weeks before the old one ends. */
const lookEveryMs = 10_000;

/** Throws tls-invalid. */
export async function openCertificate(
  files: CertificateFiles,
  deps: CertificateWatchDeps,
): Promise<CertificateSource> {
  return new WatchedCertificate(await readCertificate(files), files, deps);
}

class WatchedCertificate implements CertificateSource {
  #current: Certificate;
  readonly #files: CertificateFiles;
  readonly #deps: CertificateWatchDeps;
  readonly #listeners: ((certificate: Certificate) => void)[] = [];
  #cancelTimer = () => {};
  #closed = false;
  #refusal: { readonly why: string; readonly told: boolean } | undefined;
  #toldOutOfDate = false;

  constructor(first: Certificate, files: CertificateFiles, deps: CertificateWatchDeps) {
    this.#current = first;
    this.#files = files;
    this.#deps = deps;
    this.#checkDate();
    this.#wait();
  }

  get current(): Certificate {
    return this.#current;
  }

  onReplaced(listener: (certificate: Certificate) => void): void {
    this.#listeners.push(listener);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#cancelTimer();
  }

  #wait(): void {
    this.#cancelTimer = this.#deps.timers.set(() => void this.#look(), lookEveryMs);
  }

  async #look(): Promise<void> {
    try {
      const found = await readCertificate(this.#files);
      this.#refusal = undefined;
      if (found.cert !== this.#current.cert || found.key !== this.#current.key) this.#replace(found);
    } catch (thrown) {
      this.#refuse(thrown);
    }
    if (this.#closed) return;
    this.#checkDate();
    this.#wait();
  }

  #replace(certificate: Certificate): void {
    this.#current = certificate;
    this.#toldOutOfDate = false;
    for (const listener of this.#listeners) listener(certificate);
    this.#deps.onEvent({ kind: "replaced", certificate });
  }

  /** Between the writing of one file and of the other they do not fit; only what lasts for two looks is told. */
  #refuse(thrown: unknown): void {
    const error = toReleaseError(thrown);
    const problems = error.problems.map(({ file = "", message }) => `${file} ${message}`);
    const why = `The TLS certificate before stays in use: ${[...causeChain(error), ...problems].join("; ")}`;
    const lasts = this.#refusal?.why === why;
    const told = lasts && this.#refusal?.told === true;
    if (lasts && !told) this.#deps.onEvent({ kind: "refused", why });
    this.#refusal = { why, told: lasts };
  }

  #checkDate(): void {
    const why = validityWarning(this.#current, this.#deps.clock());
    if (why !== undefined && !this.#toldOutOfDate) this.#deps.onEvent({ kind: "out-of-date", why });
    this.#toldOutOfDate = why !== undefined;
  }
}
