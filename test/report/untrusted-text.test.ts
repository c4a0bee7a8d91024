import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { codeBlock, inlineCode, sentence, visible } from "../../src/report/untrusted-text.ts";

describe("untrusted text", () => {
  it("shows what would be invisible or reorder the line", () => {
    assert.equal(visible("a\u202eb\u0000c\u200bd\ufeff"), "a\\u202eb\\u0000c\\u200bd\\ufeff");
    assert.equal(visible("a\r\nb"), "a\nb");
  });

  it("ends no table cell, code span or tag, and mentions nobody", () => {
    assert.equal(
      inlineCode("a|b`c</code><img src=x>@user#1"),
      "<code>a&#124;b&#96;c&#60;/code&#62;&#60;img src=x&#62;<wbr>&#64;user&#35;1</code>",
    );
    assert.equal(inlineCode("two\nlines"), "<code>two&#92;nlines</code>");
  });

  it("shows code in a sentence, and links nothing around it", () => {
    assert.equal(sentence("Run `uv lock`, @me."), "Run <code>uv lock</code>, <wbr>&#64;<wbr>me.");
    assert.equal(sentence("a ` b\n#1"), "a &#96; b &#35;<wbr>1");
  });

  it("is cut by characters, not in the middle of one", () => {
    assert.equal(inlineCode("🙂🙂🙂", 2), "<code>🙂…</code>");
    assert.equal(inlineCode("x".repeat(2 ** 20)).length, "<code></code>".length + 300);
  });

  it("never holds markup, whatever it is made from", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 50 }), (text) => {
        for (const made of [inlineCode(text).slice(6, -7), codeBlock(text).slice(5, -6)]) {
          const shown = made.replaceAll("<wbr>&#64;", "");
          assert.doesNotMatch(shown, /[<>|`@]|\p{Cf}/u);
        }
        assert.doesNotMatch(inlineCode(text), /\n/);
      }),
    );
  });
});
