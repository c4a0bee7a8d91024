import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { OutputTail } from "../../src/worker/output-tail.ts";

async function tailOf(chunks: readonly string[]): Promise<string> {
  const pipe = new PassThrough();
  const tail = new OutputTail(pipe);
  for (const chunk of chunks) pipe.write(chunk);
  await turn();
  return tail.text();
}

describe("the tail of a pipe", () => {
  it("is everything when that is little", async () => {
    assert.equal(await tailOf(["one\n", "two\n"]), "one\ntwo\n");
    assert.equal(await tailOf([]), "");
  });

  it("is the last 64 KiB, from a line's start, with a word on what is missing", async () => {
    const lines = Array.from({ length: 20_000 }, (_, number) => `line ${number}\n`);
    const text = await tailOf(lines);
    assert.match(text, /^\[\d+ bytes left out\]\nline \d+\n/);
    assert.ok(text.endsWith("line 19999\n"));
    assert.ok(text.length <= 65_600 && text.length > 60_000);
  });

  it("holds a single write that is larger than all it keeps", async () => {
    const text = await tailOf([`${"x".repeat(200_000)}\nend\n`]);
    assert.equal(text.split("\n").at(-2), "end");
    assert.ok(text.length < 66_000);
  });
});
