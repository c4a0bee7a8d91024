/** Lists of jobs are built from filters, so their plans are looked at here and not where statements are prepared. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { AutomationId, JobId } from "../../../src/engine/job.ts";
import { createJobQueries } from "../../../src/store/sql/job-query.ts";
import { migrations } from "../../../src/store/sql/schema.ts";
import { createTaskStatements } from "../../../src/store/sql/task-work.ts";
import { migrate } from "../../../src/store/sqlite/migrate.ts";
import { sqliteStatements } from "../../../src/store/sqlite/statements.ts";
import { everything } from "../job-samples.ts";
import { slug } from "../samples.ts";

const id = "01999999-9999-7999-8999-999999999999";
const filters = {
  none: {},
  states: { states: ["failed", "running"] },
  "task states": { taskStates: ["failed", "skipped"] },
  clusters: { clusters: [slug("a"), slug("b")] },
  automations: { automations: [id as AutomationId] },
  time: { time: { fromMs: 1, beforeMs: 2 } },
  ids: { ids: { start: id as JobId, end: id as JobId, startExclusive: true, endInclusive: true } },
  "a page": { startingAfter: id as JobId },
  "oldest first": { direction: "ascending" },
  all: {
    states: ["failed"],
    taskStates: ["failed"],
    clusters: [slug("a")],
    automations: [id as AutomationId],
    nameWords: ["x"],
    time: { fromMs: 1, beforeMs: 2 },
  },
} as const;

for (const [name, filter] of Object.entries(filters)) {
  test(`a list of jobs by ${name} follows an index in its order`, () => {
    using database = new DatabaseSync(":memory:");
    migrate(database, { migrations, clock: () => 0 });
    const statements = sqliteStatements(database);
    const queries = createJobQueries(statements, createTaskStatements(statements));
    const plans: string[] = [];
    const prepare = database.prepare.bind(database);
    database.prepare = (sql: string) => {
      const placeholders = Array.from({ length: sql.split("?").length - 1 }, () => null);
      const plan = prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...placeholders);
      plans.push(...plan.map((row) => String(row.detail)));
      return prepare(sql);
    };
    queries.queryJobs({ ...everything, ...filter });
    assert.ok(plans.length > 0);
    // Without any filter the list is the index of ids itself, walked from its end.
    const walked = /^SCAN jobs USING COVERING INDEX sqlite_autoindex_jobs_1$|^SCAN page$/;
    assert.deepEqual(
      plans.filter((line) => line.startsWith("SCAN") && !walked.test(line)),
      [],
    );
    // Of several values each gives one page, and these are sorted into one.
    const sorts = plans.filter((line) => line.includes("TEMP B-TREE")).length;
    assert.ok(sorts === 0 || plans.includes("MERGE (UNION)"), plans.join("\n"));
  });
}
