import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import fc from "fast-check";
import { makeSlug, parseSlug } from "../../src/engine/slug.ts";

describe("slugs", () => {
  test("are 1 to 100 ASCII letters, digits and dashes", () => {
    for (const text of ["a", "A-9", "-", "x".repeat(100)]) assert.equal(parseSlug(text), text);
    for (const text of ["", "x".repeat(101), "a b", "ä", "a_b", "a\n"])
      assert.equal(parseSlug(text), undefined);
  });

  test("are made from a name and 14 characters that nobody can guess", () => {
    const cases = [
      ["Dev Cluster", "dev-cluster-"],
      ["  Übergänge / 2 ", "ubergange-2-"],
      ["衛星", ""],
      ["x".repeat(300), `${"x".repeat(85)}-`],
      [`${"x".repeat(84)} y`, `${"x".repeat(84)}-`],
    ] as const;
    for (const [name, stem] of cases) {
      const slug = makeSlug(name, randomBytes);
      assert.equal(slug.slice(0, -14), stem);
      assert.match(slug.slice(-14), /^[1-9A-HJ-NP-Za-km-z]{14}$/);
    }
    assert.notEqual(makeSlug("a", randomBytes), makeSlug("a", randomBytes));
  });

  test("can be made from any name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (name) => {
        const slug = makeSlug(name, randomBytes);
        assert.equal(parseSlug(slug), slug);
      }),
    );
  });

  test("use every character of the alphabet evenly", () => {
    // Every byte once: those above 231 would favour some characters, so they are left out.
    let next = 0;
    const counted = (size: number) => Uint8Array.from({ length: size }, () => next++ % 256);
    const counts = new Map<string, number>();
    // 58 suffixes of 14 characters take 812 bytes below 232: each character 14 times.
    for (let made = 0; made < 58; made++) {
      for (const character of makeSlug("", counted)) counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    assert.equal(counts.size, 58);
    assert.ok(Math.max(...counts.values()) - Math.min(...counts.values()) <= 4);
  });
});
