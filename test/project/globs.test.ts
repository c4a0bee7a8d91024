import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import picomatch from "picomatch/posix.js";
import { compileGlob } from "../../src/project/globs.ts";

const piece = fc.constantFrom(
  "a",
  "b",
  ".d",
  "-",
  ",",
  "+",
  "*",
  "**",
  "?",
  "/",
  "/**",
  "**/",
  "./",
  "[ab]",
  "{a,b}",
  "{a,b/c}",
  "{1..3}",
  "@(a|b)",
  "!(a)",
  "+(a)",
  "*(a/b)",
  "\\a",
  "\\*",
  "(a)",
  "$",
);
const source = fc
  .array(piece, { minLength: 1, maxLength: 6 })
  .map((pieces) => pieces.join(""))
  .filter((text) => !text.startsWith("!") || text.startsWith("!("));
const path = fc
  .array(fc.constantFrom("a", "b", "c", ".d", "-", ",", "+", "/", "1", "*"), { minLength: 1, maxLength: 7 })
  .map((parts) => parts.join(""))
  .filter((text) => !/^\/|\/\/|\/$/.test(text));

test("the beginning and the end of a pattern decide nothing that the whole pattern would not", () => {
  let matches = 0;
  fc.assert(
    fc.property(source, fc.array(path, { minLength: 20, maxLength: 40 }), (source, paths) => {
      const whole = picomatch.makeRe(source, { dot: true, strictBrackets: true, flags: "s" });
      const glob = compileGlob(source);
      for (const path of paths) {
        const expected = path === source || whole.test(path);
        assert.equal(glob.test(path), expected, `${source} and ${path}`);
        if (expected) matches++;
      }
    }),
    { numRuns: 3000 },
  );
  assert.ok(matches > 1000);
});

test("what lies below a folder that a plain pattern matches needs not be asked about", () => {
  const plain = fc
    .array(fc.constantFrom("a", "b", ".d", "-", "*", "**", "/", "/**/"), { minLength: 1, maxLength: 6 })
    .map((pieces) => `${pieces.join("")}/**`)
    // A configuration with these is refused.
    .filter((text) => !/^\/|\/\//.test(text));
  let matches = 0;
  fc.assert(
    fc.property(plain, fc.array(path, { minLength: 20, maxLength: 40 }), path, (source, folders, below) => {
      const glob = compileGlob(source);
      assert.ok(glob.isPlain && glob.matchesBelow);
      for (const folder of folders.filter((folder) => glob.test(folder))) {
        assert.ok(glob.test(`${folder}/${below}`), `${source} and ${folder}/${below}`);
        matches++;
      }
    }),
    { numRuns: 3000 },
  );
  assert.ok(matches > 1000);
});
