import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UserError } from "../../src/errors.ts";
import { renderComment, withParts } from "../../src/report/github/comment-text.ts";
import { type RunRecord, recordFailure } from "../../src/report/record.ts";
import { sectionsOf } from "../../src/report/sections/sections.ts";
import { renderSummary } from "../../src/report/summary.ts";
import { exampleComments, exampleSummaries } from "../support/example-runs.ts";
import { renderMarkdown } from "../support/github/markdown.ts";
import { exampleBuild, exampleRecord } from "../support/run-records.ts";

const elements =
  /^(?:h2|h3|p|ul|li|table|thead|tbody|tr|th|td|code|pre|details|summary|blockquote|strong|sub|wbr|a)$/;

/** The elements of a page; a comment is none. */
function elementsOf(html: string): string[] {
  return [...html.replaceAll(/<!--.*?-->/gs, "").matchAll(/<([a-z0-9]+)/gi)].map(([, name]) => name ?? "");
}

const hostile = {
  markdown: "**b** _i_ [l](https://evil.example) ![p](x) # h `c` ~~s~~ | a | b |\n\n---\n- x\n1. y",
  html: '<img src=x onerror=alert(1)><script>x</script></code></pre></td></table></details><h1 id="x">',
  comments: '<!-- --> <!-- end of part --> <!-- part {"key":"x"} -->',
  entities: "&lt;img&gt; &#60;img&#62; &amp;lt;",
  commands: "::error::x\n::set-output name=a::b\n##[error]y\n::stop-commands::t",
  mentions: "@octocat @acme/team #1 GH-1 acme/tiles#1 0123456789abcdef0123456789abcdef01234567",
  links: "https://evil.example www.evil.example (www.evil.example) a@evil.example mailto:a@evil.example",
  invisible: "a\u202e\u2066b\u200d\u0000\u001b[31mc\ufeff\u2028",
  long: "<@`|".repeat(2 ** 18),
};

function recordOf(text: string): RunRecord {
  const build = exampleBuild({
    entrypoint: { kind: "command", argv: [text] },
    tasks: [{ name: text, version: text }],
    manifest: [
      { kind: "file", path: text, mode: 0o644, sizeBytes: 1, sha256: "1".repeat(64) },
      { kind: "symlink", path: text, mode: 0o777, target: text },
    ],
  });
  const record = exampleRecord({ build, notices: [text], projectPath: text });
  record.deployments.set(text, { cluster: text, stage: "dev", before: text, after: text, outcome: "failed" });
  const problems = [{ message: text, file: text, line: 1, hint: text }];
  recordFailure(
    record,
    new UserError("tasks-invalid", text, { problems, cause: new Error(text), next: text }),
  );
  return record;
}

describe("what a person sees", () => {
  for (const [name, text] of Object.entries(hostile)) {
    it(`shows ${name} as text`, () => {
      const record = recordOf(text);
      const part = {
        key: "k",
        commit: "c".repeat(40),
        failed: true,
        title: "❌ x",
        runUrl: "https://github.com/x",
        sections: sectionsOf(record),
        leftOut: [],
      };
      for (const markdown of [renderSummary(record), renderComment(withParts(undefined, [part]).state)]) {
        const html = renderMarkdown(markdown);
        assert.deepEqual(
          elementsOf(html).filter((element) => !elements.test(element)),
          [],
        );
        assert.deepEqual(
          [...html.matchAll(/href="([^"]*)"/g)].filter(([, to]) => to !== part.runUrl),
          [],
        );
        for (const bad of ["onerror=alert(1)>", "\u202e", "\u2066", "\u0000", "\u001b"])
          assert(!html.includes(bad), JSON.stringify(bad));
        const outsideCode = html.replaceAll(/<!--.*?-->|<(code|pre)>.*?<\/\1>/gs, "");
        assert.doesNotMatch(outsideCode, /@\w|#\d/, "GitHub links names and numbers outside code");
        const count = (element: string) => elementsOf(html).filter((other) => other === element).length;
        if (/left out for length/i.test(markdown)) continue;
        assert.equal(count("table"), 4, "release, tasks, files, clusters");
        assert.equal(count("tr"), 4 + 7 + 1 + 2 + 3, "no row more or less");
        assert.equal(count("li"), 2);
      }
    });
  }

  it("is one page for every kind of run", () => {
    for (const [name, record] of Object.entries(exampleSummaries())) {
      const html = renderMarkdown(renderSummary(record));
      assert.deepEqual(
        elementsOf(html).filter((element) => !elements.test(element)),
        [],
        name,
      );
      assert.match(html, record.failure === undefined ? /<h2>✅/ : /<h2>❌/);
    }
    for (const [name, comment] of Object.entries(exampleComments()))
      assert.deepEqual(
        elementsOf(renderMarkdown(comment)).filter((element) => !elements.test(element)),
        [],
        name,
      );
  });
});
