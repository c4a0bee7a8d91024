import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  compareUtf8,
  createPathLedger,
  isRefusedByWindows,
  linkFlaw,
  pathFlaw,
} from "../../src/artifact/path-rules.ts";

test("strings are ordered as the bytes of UTF-8 are", () => {
  const edges = [
    "",
    "\0",
    ".",
    "/",
    "a",
    "\u007f",
    "\u0080",
    "\u07ff",
    "\u0800",
    "\ud7ff",
    "\ue000",
    "\uffff",
    "\u{10000}",
    "\u{10ffff}",
  ];
  const text = fc.string({ unit: fc.constantFrom(...edges), maxLength: 5 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      assert.equal(Math.sign(compareUtf8(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
    { numRuns: 2000 },
  );
});

test("plain relative paths are accepted", () => {
  for (const path of [
    "a",
    "a/b.py",
    ".env",
    "a/.b",
    "...",
    "a/..b",
    ".github/x",
    ".gitignore",
    "git",
    "ü/😀",
    "a b",
    `${"x".repeat(255)}/y`,
  ]) {
    assert.equal(pathFlaw(path), undefined, path);
  }
});

test("paths that lead elsewhere, or mean something else elsewhere, are not", () => {
  const flawed = [
    "",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "a/..",
    "../a",
    "a/../b",
    "a/./b",
    ".git",
    "a/.git/hooks",
    ".GIT/config",
  ];
  for (const path of flawed) assert.match(pathFlaw(path) ?? "", /not a plain relative path/, path);
  for (const path of ["a\\b", "a\0b", "a\nb", "\u007f"])
    assert.match(pathFlaw(path) ?? "", /control character/, path);
  assert.match(pathFlaw("x".repeat(256)) ?? "", /a name longer than 255 bytes/);
  assert.match(pathFlaw("ü".repeat(128)) ?? "", /a name longer than 255 bytes/);
  assert.match(pathFlaw(`${"abcd/".repeat(200)}x`) ?? "", /longer than 900 bytes/);
});

test("symlinks may point inside the root, by the shortest way", () => {
  for (const [path, target] of [
    ["l", "a"],
    ["l", "a/b/./c"],
    ["d/l", "../a"],
    ["d/e/l", "../../a/b"],
    ["d/l", ".."],
    ["l", "."],
    ["d/l", "./../x"],
  ] as const) {
    assert.equal(linkFlaw(path, target), undefined, `${path} -> ${target}`);
  }
});

test("symlinks that leave the root, or could by way of another, may not", () => {
  const flaws = {
    "": /to nothing/,
    "/etc/passwd": /absolute path/,
    "C:/x": /absolute path/,
    "..": /leaves the root/,
    "../x": /leaves the root/,
    "./../x": /leaves the root/,
    "a/../b": /climbs after it descends/,
    "a/../../x": /climbs after it descends/,
    "a\\b": /backslash/,
    "a\nb": /control character/,
  };
  for (const [target, flaw] of Object.entries(flaws)) assert.match(linkFlaw("l", target) ?? "", flaw, target);
  assert.match(linkFlaw("d/l", "../../x") ?? "", /leaves the root/);
  assert.match(linkFlaw("l", "x".repeat(901)) ?? "", /longer than 900 bytes/);
});

/** Follows a path as a system does: one step at a time, each symlink from where it lies. */
function follow(path: string, links: ReadonlyMap<string, string>): string | "outside" | "loop" {
  const steps = path.split("/");
  let at: string[] = [];
  for (let hops = 0; steps.length > 0; ) {
    const step = steps.shift() ?? "";
    if (step === "" || step === ".") continue;
    if (step === "..") {
      if (at.length === 0) return "outside";
      at = at.slice(0, -1);
      continue;
    }
    at = [...at, step];
    const target = links.get(at.join("/"));
    if (target === undefined) continue;
    if (++hops > 40) return "loop";
    at = at.slice(0, -1);
    steps.unshift(...target.split("/"));
  }
  return at.join("/");
}

test("no set of accepted symlinks leads out of the root", () => {
  const step = fc.constantFrom("a", "b", "c", "..", ".");
  const target = fc.array(step, { minLength: 1, maxLength: 5 }).map((steps) => steps.join("/"));
  const path = fc
    .array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 4 })
    .map((steps) => steps.join("/"));
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(path, target), { minLength: 1, maxLength: 5 }), (pairs) => {
      const ledger = createPathLedger();
      const links = new Map<string, string>();
      for (const [at, to] of pairs.toSorted(([a], [b]) => compareUtf8(a, b))) {
        if (linkFlaw(at, to) === undefined && ledger.add(at) === undefined) links.set(at, to);
      }
      accepted += links.size;
      for (const at of links.keys())
        assert.notEqual(follow(at, links), "outside", JSON.stringify([...links]));
    }),
    { numRuns: 3000 },
  );
  assert.ok(accepted > 3000, "the rule accepts enough to be tried");
});

test("the ledger finds names that cannot stand beside each other", () => {
  const clash = (...paths: string[]) => {
    const ledger = createPathLedger();
    return paths.map((path) => ledger.add(path)).filter((flaw) => flaw !== undefined);
  };
  assert.deepEqual(clash("a", "a.b", "b/a", "b/c/a", "B2/x"), []);
  assert.deepEqual(clash("a", "a"), ["is there twice"]);
  assert.deepEqual(clash("a", "a/b"), ["is both a file and a folder"]);
  assert.deepEqual(clash("a/b", "a"), ["is both a file and a folder"]);
  assert.deepEqual(clash("a", "A"), ["differs from a only by case or by Unicode form"]);
  assert.deepEqual(clash("a/x", "A/y"), ["differs from a only by case or by Unicode form"]);
  assert.deepEqual(clash("A", "a/y"), ["differs from A only by case or by Unicode form"]);
  assert.deepEqual(clash("\u00e9", "e\u0301"), ["differs from \u00e9 only by case or by Unicode form"]);
  assert.deepEqual(clash("\u0130", "i\u0307").length, 1, "the Turkish dotted I");
  assert.deepEqual(clash("x/a", "y/a", "x/b"), []);
});

test("names that Windows takes for something else", () => {
  for (const path of ["nul", "a/CON.txt", "com1", "a:b", "x.", "x /y", "what?", "LPT9.log"]) {
    assert.equal(isRefusedByWindows(path), true, path);
  }
  for (const path of ["nullable", "a/console.txt", "com", "x.y", " x"]) {
    assert.equal(isRefusedByWindows(path), false, path);
  }
});
