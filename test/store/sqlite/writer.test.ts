import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { UserError } from "../../../src/errors.ts";
import { createWriter } from "../../../src/store/sqlite/writer.ts";
import { errorOf } from "../../support/errors.ts";

function openScratch() {
  const folder = mkdtempSync(join(tmpdir(), "workflow-release-writer-"));
  const path = join(folder, "scratch.sqlite");
  const database = new DatabaseSync(path, { timeout: 0 });
  database.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE numbers (
      number INTEGER PRIMARY KEY,
      double_of INTEGER REFERENCES numbers (number) DEFERRABLE INITIALLY DEFERRED,
      padding BLOB
    ) STRICT;
  `);
  const other = new DatabaseSync(path, { timeout: 0, readOnly: true });
  const insert = database.prepare("INSERT INTO numbers VALUES (?, ?, zeroblob(?))");
  return {
    database,
    path,
    writer: createWriter(database, path),
    insert: (number: number, doubleOf: number | null = null, paddingBytes = 0) => {
      insert.run(number, doubleOf, paddingBytes);
      return number;
    },
    /** What another connection sees: committed rows only. */
    committed: () =>
      other
        .prepare("SELECT number FROM numbers ORDER BY number")
        .all()
        .map((row) => row.number),
    [Symbol.dispose]() {
      other.close();
      database.close();
      rmSync(folder, { recursive: true });
    },
  };
}

describe("writes submitted in one turn of the event loop", () => {
  test("run in order in one transaction, and are answered after it is committed", async () => {
    using scratch = openScratch();
    const seen: unknown[] = [];
    const answers = [1, 2, 3].map((number) =>
      scratch.writer
        .submit(() => {
          seen.push(scratch.committed().length);
          return scratch.insert(number);
        })
        .then((answer) => [answer, scratch.committed()]),
    );
    assert.deepEqual(scratch.committed(), [], "nothing is written before the turn ends");
    assert.deepEqual(await Promise.all(answers), [
      [1, [1, 2, 3]],
      [2, [1, 2, 3]],
      [3, [1, 2, 3]],
    ]);
    assert.deepEqual(seen, [0, 0, 0], "one transaction");
  });

  test("do not undo each other: a failed one takes back what it wrote and nothing else", async () => {
    using scratch = openScratch();
    const refusal = new UserError("request-invalid", "no");
    const outcomes = await Promise.allSettled([
      scratch.writer.submit(() => scratch.insert(1)),
      scratch.writer.submit(() => {
        scratch.insert(2);
        scratch.insert(3);
        throw refusal;
      }),
      scratch.writer.submit(() => {
        scratch.insert(4);
        return scratch.insert(1);
      }),
      scratch.writer.submit(() => scratch.insert(5)),
    ]);
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status),
      ["fulfilled", "rejected", "rejected", "fulfilled"],
    );
    assert.equal(outcomes[1]?.status === "rejected" && outcomes[1].reason, refusal);
    assert.deepEqual(scratch.committed(), [1, 5]);
  });

  test("are joined by what they submit themselves", async () => {
    using scratch = openScratch();
    let inner: Promise<number> | undefined;
    await scratch.writer.submit(() => {
      scratch.insert(1);
      inner = scratch.writer.submit(() => {
        assert.deepEqual(scratch.committed(), [], "the first one is not committed yet");
        return scratch.insert(2);
      });
    });
    assert.deepEqual(scratch.committed(), [1, 2]);
    assert.equal(await inner, 2);
    await scratch.writer.submit(() => scratch.insert(3));
    assert.deepEqual(scratch.committed(), [1, 2, 3]);
  });

  test("are all rejected when the commit fails, refusals too, and leave nothing", async () => {
    using scratch = openScratch();
    const outcomes = await Promise.allSettled([
      scratch.writer.submit(() => scratch.insert(1)),
      scratch.writer.submit(() => scratch.insert(2, 99)),
      scratch.writer.submit(() => {
        throw new UserError("request-invalid", "this one may have seen what was never committed");
      }),
    ]);
    for (const outcome of outcomes) {
      assert.ok(outcome.status === "rejected" && errorOf("store-failed")(outcome.reason));
    }
    assert.deepEqual(scratch.committed(), []);
    assert.equal(await scratch.writer.submit(() => scratch.insert(1)), 1, "the next turn works again");
  });
});

describe("work at the commit", () => {
  test("runs once, when all operations have run, in their transaction", async () => {
    using scratch = openScratch();
    const { writer } = scratch;
    const seen: unknown[] = [];
    await Promise.all([
      writer.submit(() => {
        writer.atCommit({
          write: () => {
            seen.push(scratch.committed());
            scratch.insert(3);
          },
          undone: () => assert.fail("the transaction was durable"),
        });
        scratch.insert(1);
      }),
      writer.submit(() => scratch.insert(2)),
    ]);
    await writer.submit(() => scratch.insert(4));
    assert.deepEqual(seen, [[]]);
    assert.deepEqual(scratch.committed(), [1, 2, 3, 4]);
  });

  test("is told that its transaction was undone, by the commit or by its own failure", async () => {
    using scratch = openScratch();
    const { writer } = scratch;
    let undone = 0;
    const failing = (write: () => void) =>
      writer.submit(() => writer.atCommit({ write, undone: () => undone++ }));
    await assert.rejects(
      failing(() => scratch.insert(1, 99)),
      errorOf("store-failed"),
    );
    await assert.rejects(
      failing(() => {
        throw new Error("it cannot be written");
      }),
      errorOf("store-failed"),
    );
    assert.equal(undone, 2);
    await writer.submit(() => scratch.insert(1));
    assert.deepEqual([scratch.committed(), undone], [[1], 2]);
  });
});

describe("a disk that is full", () => {
  test("fails its own operation or all of the turn, never an acknowledged one, and ends when there is room", async () => {
    using scratch = openScratch();
    await scratch.writer.submit(() => scratch.insert(1));
    scratch.database.exec("PRAGMA max_page_count = 20");
    const outcomes = await Promise.allSettled([
      scratch.writer.submit(() => scratch.insert(2)),
      scratch.writer.submit(() => scratch.insert(3, null, 1_000_000)),
      scratch.writer.submit(() => scratch.insert(4)),
    ]);
    const failed = outcomes[1];
    assert.ok(failed?.status === "rejected" && errorOf("store-failed")(failed.reason));
    const acknowledged = [2, undefined, 4].filter(
      (number, index) => number && outcomes[index]?.status === "fulfilled",
    );
    assert.deepEqual(scratch.committed(), [1, ...acknowledged]);
    scratch.database.exec("PRAGMA max_page_count = 1000000");
    await scratch.writer.submit(() => scratch.insert(5));
    assert.ok(scratch.committed().includes(5));
  });
});

describe("a database that another process holds", () => {
  test("fails the turn as store-failed and works again afterwards", async () => {
    using scratch = openScratch();
    const holder = new DatabaseSync(scratch.path);
    holder.exec("BEGIN IMMEDIATE");
    await assert.rejects(
      scratch.writer.submit(() => scratch.insert(1)),
      errorOf("store-failed"),
    );
    holder.exec("ROLLBACK");
    holder.close();
    await scratch.writer.submit(() => scratch.insert(1));
  });
});

describe("closing", () => {
  test("commits what was submitted before and rejects what comes after", async () => {
    using scratch = openScratch();
    const before = scratch.writer.submit(() => scratch.insert(1));
    const closed = scratch.writer.close();
    await assert.rejects(
      scratch.writer.submit(() => scratch.insert(2)),
      errorOf("store-failed", /closed/),
    );
    await closed;
    assert.equal(await before, 1);
    await scratch.writer.close();
    await nextTurn();
    assert.deepEqual(scratch.committed(), [1]);
  });
});
