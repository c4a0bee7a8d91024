import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TaskId } from "../../src/engine/job.ts";
import type {
  NewRecord,
  TelemetryBatch,
  TelemetryPlace,
  TelemetryQuery,
} from "../../src/store/telemetry-port.ts";
import { errorOf } from "../support/errors.ts";
import type { OpenStore } from "./contract.ts";
import { claim, inTurn, newJob, task } from "./job-samples.ts";

const trace = "0123456789abcdef0123456789abcdef";
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

export function newRecord(name: string, more: Partial<NewRecord> = {}): NewRecord {
  return {
    atUs: 1_000,
    severity: "info",
    task: undefined,
    traceId: trace,
    record: Buffer.from(name),
    ...more,
  };
}

export function batch(records: readonly NewRecord[], resource = "resource"): TelemetryBatch {
  return { source: { resource: Buffer.from(resource), scope: Buffer.from("scope") }, records };
}

export function telemetryContract(open: OpenStore): void {
  describe("telemetry", () => {
    /** One job of one task, under the trace that records name. */
    async function withJob() {
      const under = await open();
      const { jobs, telemetry } = under.store;
      const job = await jobs.submitJob(
        newJob(inTurn([task("a")]), { traceParent: `00-${trace}-0123456789abcdef-01` }),
      );
      const { id: taskId } = await claim(jobs);
      const names = async (query: Partial<TelemetryQuery> = {}) => {
        const { records } = await telemetry.queryRecords({
          kind: "log",
          of: { job: job.id, task: undefined },
          severities: [],
          direction: "ascending",
          limit: 100,
          startingAfter: undefined,
          ...query,
        });
        return records.map(({ record }) => text(record));
      };
      return { under, telemetry, job, taskId, names };
    }

    test("is of the job whose trace it names, or of its task's job, and comes back as it was", async () => {
      const { under, telemetry, job, taskId, names } = await withJob();
      await using _ = under;
      const other = await under.store.jobs.submitJob(
        newJob(inTurn([task("b")]), { traceParent: `00-${"f".repeat(32)}-0123456789abcdef-01` }),
      );
      await telemetry.addRecords("log", [
        batch([
          newRecord("by trace"),
          newRecord("by task", { atUs: 2_000, task: taskId, traceId: "f".repeat(32) }),
        ]),
        batch([newRecord("of another job", { traceId: "f".repeat(32) })], "another process"),
      ]);
      assert.deepEqual(await names(), ["by trace", "by task"]);
      assert.deepEqual(await names({ of: { job: job.id, task: taskId } }), ["by task"]);
      const { records, next } = await telemetry.queryRecords({
        kind: "log",
        of: { job: other.id, task: undefined },
        severities: [],
        direction: "ascending",
        limit: 10,
        startingAfter: undefined,
      });
      const [only] = records;
      assert.ok(only);
      assert.deepEqual(
        [text(only.record), text(only.source.resource), text(only.source.scope), next],
        ["of another job", "another process", "scope", undefined],
      );
    });

    test("logs and spans are apart; spans of no job are not kept, logs are", async () => {
      const { under, telemetry, names } = await withJob();
      await using _ = under;
      await telemetry.addRecords("span", [batch([newRecord("span"), newRecord("lost", { traceId: "" })])]);
      await telemetry.addRecords("log", [batch([newRecord("stray", { traceId: "" })])]);
      assert.deepEqual(await names(), []);
      assert.deepEqual(await names({ kind: "span" }), ["span"]);
      const all = { interval: { fromMs: undefined, beforeMs: undefined } };
      assert.deepEqual(await names({ of: all }), ["stray"]);
      assert.deepEqual(await names({ of: all, kind: "span" }), ["span"]);
    });

    test("is listed by time in both directions, in pages, filtered by severity and time", async () => {
      const { under, telemetry, names } = await withJob();
      await using _ = under;
      const at = (ms: number, severity: NewRecord["severity"]) =>
        newRecord(`${ms} ${severity}`, { atUs: ms * 1000, severity });
      const records = [at(3, "error"), at(1, "debug"), at(2, "info"), at(2, "warning"), at(4, undefined)];
      await telemetry.addRecords("log", [batch(records)]);
      const ascending = ["1 debug", "2 info", "2 warning", "3 error", "4 undefined"];
      assert.deepEqual(await names(), ascending);
      assert.deepEqual(await names({ direction: "descending" }), ascending.toReversed());
      assert.deepEqual(await names({ severities: ["error", "debug"] }), ["1 debug", "3 error"]);
      const interval = { interval: { fromMs: 2, beforeMs: 4 } };
      assert.deepEqual(await names({ of: interval }), ["2 info", "2 warning", "3 error"]);
      for (const direction of ["ascending", "descending"] as const) {
        const pages: string[] = [];
        let startingAfter: TelemetryPlace | undefined;
        do {
          const page = await telemetry.queryRecords({
            kind: "log",
            of: interval,
            severities: [],
            direction,
            limit: 1,
            startingAfter,
          });
          pages.push(...page.records.map(({ record }) => text(record)));
          startingAfter = page.next;
        } while (startingAfter !== undefined);
        const expected = ["2 info", "2 warning", "3 error"];
        assert.deepEqual(pages, direction === "ascending" ? expected : expected.toReversed());
      }
      const counts = await telemetry.countLogs({ fromMs: 2, beforeMs: undefined });
      assert.deepEqual(
        [...counts],
        [
          [undefined, 1],
          ["info", 1],
          ["warning", 1],
          ["error", 1],
        ],
      );
    });

    test("of unknown jobs and tasks cannot be asked for", async () => {
      const { under, job, taskId, names } = await withJob();
      await using _ = under;
      const nobody = "01999999-9999-7999-8999-999999999999";
      await assert.rejects(
        names({ of: { job: nobody as typeof job.id, task: undefined } }),
        errorOf("job-not-found"),
      );
      await assert.rejects(names({ of: { job: job.id, task: nobody as TaskId } }), errorOf("task-not-found"));
      assert.deepEqual(await names({ of: { job: job.id, task: taskId } }), []);
    });

    test("that is too old is removed when newer comes", async () => {
      const { under, telemetry, names } = await withJob();
      await using _ = under;
      await telemetry.addRecords("log", [batch([newRecord("old")])]);
      under.advanceMs(31 * 86_400_000);
      await telemetry.addRecords("log", [batch([newRecord("new")])]);
      assert.deepEqual(await names(), ["new"]);
    });

    test("of one job is bounded: the newest logs stay, and its spans are not theirs to push out", async () => {
      const { under, telemetry, names } = await withJob();
      await using _ = under;
      await telemetry.addRecords("span", [batch([newRecord("why it failed")])]);
      const large = (index: number) =>
        newRecord("", {
          atUs: index,
          record: Buffer.concat([Buffer.from(`${index} `), Buffer.alloc(900_000)]),
        });
      for (let index = 0; index < 24; index++) await telemetry.addRecords("log", [batch([large(index)])]);
      const kept = (await names()).map((record) => Number.parseInt(record, 10));
      assert.ok(kept.length >= 16 && kept.length <= 19, `${kept.length} of 24`);
      assert.deepEqual(
        kept,
        Array.from({ length: kept.length }, (_, index) => 24 - kept.length + index),
      );
      await telemetry.addRecords("log", [
        batch([newRecord("", { atUs: 99, record: Buffer.alloc(2_000_000) })]),
      ]);
      assert.equal((await names()).length, kept.length, "one that is too large is dropped");
      assert.deepEqual(await names({ kind: "span" }), ["why it failed"]);
    });
  });
}
