import type { Random } from "./id.ts";

declare const slugMark: unique symbol;
/** A name in URLs and inputs: 1 to 100 of A-Z, a-z, 0-9 and `-`. Slugs never change. */
export type Slug = string & { readonly [slugMark]: true };

/** The contract's form of a slug; cluster and workflow slugs share it. */
const slugForm = /^[A-Za-z0-9-]{1,100}$/;

export function parseSlug(text: string): Slug | undefined {
  return slugForm.test(text) ? (text as Slug) : undefined;
}

const suffixLength = 14;
/** Base58: no 0, O, I and l, so that a slug can be read aloud and typed. */
const suffixAlphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/** What is left of 100 characters beside the suffix and its dash. */
const stemLength = 100 - suffixLength - 1;

/**
 * Makes a slug for a thing that was only named: the name in lower case with dashes, then a random
 * suffix, as the public service does (`dev-cluster-ESugE7S4cwADVK`). Names may repeat, so the suffix
 * is what makes it unique; a name without any ASCII letter or digit is the suffix alone.
 */
export function makeSlug(name: string, random: Random): Slug {
  const stem = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, stemLength)
    .replace(/^-|-$/g, "");
  const suffix = makeSuffix(random);
  return (stem === "" ? suffix : `${stem}-${suffix}`) as Slug;
}

function makeSuffix(random: Random): string {
  let suffix = "";
  while (suffix.length < suffixLength) {
    for (const byte of random(suffixLength)) {
      // 232 is the largest multiple of 58 in a byte: beyond it some characters would come more often.
      if (byte < 232 && suffix.length < suffixLength) suffix += suffixAlphabet.charAt(byte % 58);
    }
  }
  return suffix;
}
