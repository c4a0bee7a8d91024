import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { describe, it } from "node:test";
import { errorTable } from "../src/error-table.ts";

const folder = new URL("../src/error-rows/", import.meta.url);

describe("the error table", () => {
  for (const [code, row] of Object.entries(errorTable)) {
    it(`${code} is one word and says what to do next in a whole sentence`, () => {
      assert.match(code, /^[a-z]+(-[a-z]+)*$/);
      assert.match(row.next, /^[A-Z].*[.:]$/s);
    });
  }

  it("has every row of its parts, and no code in two of them", async () => {
    const codes: string[] = [];
    for (const file of await readdir(folder)) {
      const part: Record<string, object> = await import(new URL(file, folder).href);
      codes.push(...Object.values(part).flatMap((rows) => Object.keys(rows)));
    }
    assert.deepEqual(codes.toSorted(), Object.keys(errorTable).toSorted());
  });
});
