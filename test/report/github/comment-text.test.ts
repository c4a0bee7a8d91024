import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  type CommentPart,
  type CommentState,
  commentLimit,
  parseComment,
  renderComment,
  withParts,
} from "../../../src/report/github/comment-text.ts";
import { codeBlock } from "../../../src/report/untrusted-text.ts";

function part(key: string, changes: Partial<CommentPart> = {}): CommentPart {
  const release = { name: "release", leaveOutRank: 3, markdown: "| Release | |\n| --- | --- |" };
  return {
    key,
    commit: "c".repeat(40),
    failed: false,
    title: "✅ tiles builds",
    runUrl: "https://github.com/acme/tiles/actions/runs/1/attempts/1",
    sections: [release],
    leftOut: [],
    ...changes,
  };
}

const stateOf = (...parts: CommentPart[]): CommentState => ({ parts, failing: [], unshown: 0 });

describe("the text of the comment", () => {
  it("is read back as it was written, whatever was shown in it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "binary", maxLength: 30 }), { minLength: 1, maxLength: 4 }),
        (texts) => {
          const parts = texts.map((text, i) =>
            part(`${i}`, {
              commit: `${text}-->`,
              runUrl: `<!-- ${text}`,
              sections: [
                { name: `--${text}`, leaveOutRank: i, markdown: codeBlock(`${text}<!-- end of part -->`) },
              ],
            }),
          );
          assert.deepEqual(parseComment(renderComment(stateOf(...parts))), stateOf(...parts));
        },
      ),
    );
  });

  it("is read back with a browser's line ends, and without what a person damaged", () => {
    const text = renderComment(stateOf(part("one"), part("two")));
    assert.deepEqual(parseComment(text.replaceAll("\n", "\r\n")), stateOf(part("one"), part("two")));
    assert.deepEqual(
      parseComment(text.replace('"key":"one"', '"key":one'))?.parts.map(({ key }) => key),
      ["two"],
    );
    assert.equal(parseComment(`Look: ${text}`), undefined);
    assert.deepEqual(parseComment("<!-- workflow-release {"), { failing: [], unshown: 0, parts: [] });
  });

  it("leaves out whole sections to stay within GitHub's limit, and says which", () => {
    const long = (name: string, leaveOutRank: number) => ({
      name,
      leaveOutRank,
      markdown: name.padEnd(9_000, "."),
    });
    const parts = Array.from({ length: 8 }, (_, i) =>
      part(`${i}`, { sections: [long("release", 3), long("tasks", 7), long("files", 8)] }),
    );
    const text = renderComment(stateOf(...parts));
    assert(text.length <= commentLimit);
    assert(text.length > commentLimit / 2, "no more than needed");
    assert(!text.includes("files....") && !text.includes("tasks...."));
    assert.match(text, /left out for length: tasks, files/);
    const again = parseComment(text);
    assert.equal(again?.parts.length, 8);
    assert.deepEqual(again.parts[7]?.leftOut.slice(-2), ["tasks", "files"]);
    assert.equal(renderComment(again).length, text.length, "a text that fits stays as it is");
  });

  it("shows as many parts as there is room for, failed ones first", () => {
    const parts = Array.from({ length: 300 }, (_, i) =>
      part(`${i}`, { failed: i === 299, title: `${i}`.padEnd(300, "x") }),
    );
    const text = renderComment(stateOf(...parts));
    const read = parseComment(text);
    assert(text.length <= commentLimit);
    assert.equal(read?.parts[0]?.key, "299");
    assert.equal(read.parts.length + read.unshown, 300);
    assert.match(text, /1 of 300 projects failed/);
  });

  it("folds what passed beside what failed", () => {
    const text = renderComment(stateOf(part("a"), part("b", { failed: true, title: "❌ roads" })));
    assert.match(text, /## ❌ 1 of 2 projects failed/);
    assert(text.indexOf("### ❌ roads") < text.indexOf("<details><summary>✅ tiles builds</summary>"));
  });

  it("announces a job's failure once a commit, and again only after it passed", () => {
    const failed = part("a", { failed: true });
    const first = withParts(undefined, [failed]);
    assert.equal(first.announce, true);
    assert.equal(withParts(first.state, [failed]).announce, false);
    assert.equal(withParts(first.state, [part("b", { failed: true })]).announce, false, "same commit");
    const later = "d".repeat(40);
    assert.equal(withParts(first.state, [{ ...failed, commit: later }]).announce, false, "failed before");
    const mended = withParts(first.state, [part("a", { commit: later })]).state;
    assert.equal(withParts(mended, [{ ...failed, commit: later }]).announce, true);
  });
});
