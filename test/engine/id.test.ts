import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { createIdSource, idFromBytes, idToBytes, parseId } from "../../src/engine/id.ts";

const timeOf = (id: string) => Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);

describe("ids", () => {
  test("are UUIDs of version 7 that begin with the millisecond", () => {
    const ids = createIdSource({
      clock: () => 0x0123_4567_89ab,
      random: (size) => new Uint8Array(size).fill(0xff),
    });
    // The top bit of the random part is clear.
    assert.equal(ids.next(), "01234567-89ab-77ff-bfff-ffffffffffff");
    assert.equal(
      ids.next(),
      "01234567-89ab-7800-8000-000000000000",
      "one more, carried over the variant's bits",
    );
  });

  test("ascend within a millisecond and when the clock steps back", () => {
    let nowMs = 1_000_000;
    const ids = createIdSource({ clock: () => nowMs, random: randomBytes });
    const made: string[] = [];
    for (const stepMs of [0, 0, 0, 5, -100, 0, 50, 1, 100]) {
      nowMs += stepMs;
      made.push(ids.next());
    }
    assert.deepEqual(made, made.toSorted());
    assert.equal(new Set(made).size, made.length);
    assert.equal(timeOf(made.at(-1) ?? ""), nowMs, "the clock is followed again once it has caught up");
    for (const id of made)
      assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test("pass through the wire's bytes unchanged", () => {
    const id = createIdSource({ clock: Date.now, random: randomBytes }).next<"release">();
    assert.equal(idToBytes(id).length, 16);
    assert.equal(idFromBytes(idToBytes(id)), id);
    assert.equal(parseId(id), id);
  });

  test("are nothing else", () => {
    assert.equal(idFromBytes(new Uint8Array(15)), undefined);
    assert.equal(idFromBytes(new Uint8Array(0)), undefined);
    assert.equal(idFromBytes(new Uint8Array(16)), undefined, "the nil UUID");
    for (const text of [
      "",
      "00000000-0000-0000-0000-000000000000",
      "01234567-89AB-77ff-bfff-ffffffffffff",
      "x",
    ]) {
      assert.equal(parseId(text), undefined, text);
    }
  });
});
