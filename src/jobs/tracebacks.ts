/** The Python tracebacks of failed tasks: they stand in the tasks' spans and nowhere else. */
import { setTimeout as delay } from "node:timers/promises";
import type { ApiClient } from "../api/client.ts";
import type { KeyValue } from "../api/gen/opentelemetry/proto/common/v1/common_pb.ts";
import type { Span } from "../api/gen/opentelemetry/proto/trace/v1/trace_pb.ts";
import type { ID } from "../api/gen/tilebox/v1/id_pb.ts";
import type { TaskId } from "../engine/job.ts";

export interface Traceback {
  readonly task: TaskId;
  /** As Python prints it: `ValueError: on purpose`. */
  readonly summary: string;
  /** The whole of it, several lines; empty when the span has none. */
  readonly text: string;
  readonly frames: readonly TracebackFrame[];
  readonly atMs: number;
}

export interface TracebackFrame {
  /** As Python named it, absolute as a rule. */
  readonly file: string;
  readonly line: number;
}

/** A job of many failures has many spans; who reads tracebacks reads the first few. */
const maxPages = 20;

/** The last one of each task that raised, the newest first. */
export async function readTracebacks(
  api: Pick<ApiClient, "telemetry">,
  jobId: ID,
  signal: AbortSignal,
): Promise<readonly Traceback[]> {
  const last = new Map<TaskId, Traceback>();
  let startingAfter: ID | undefined;
  for (let pages = 0; pages < maxPages; pages++) {
    const answer = await api.telemetry.queryJobSpans(
      { jobId, page: startingAfter === undefined ? {} : { startingAfter } },
      { signal },
    );
    for (const { scopeSpans } of answer.resourceSpans) {
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        const found = tracebackOf(span);
        if (found === undefined) continue;
        if (found.atMs >= (last.get(found.task)?.atMs ?? 0)) last.set(found.task, found);
      }
    }
    startingAfter = answer.nextPage?.startingAfter;
    if (startingAfter === undefined) break;
  }
  return [...last.values()].toSorted((a, b) => b.atMs - a.atMs);
}

/** Workers tell their spans every few seconds. */
const toldWithinMs = 6_000;
const lookEveryMs = 500;

/** The passing of time, so that a test can hold it. */
export interface Patience {
  clock(): number;
  /** Ends early, without rejecting, when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

const realPatience: Patience = {
  clock: Date.now,
  sleep: (ms, signal) => delay(ms, undefined, { signal }).catch(() => {}),
};

/** The same, a moment later where a task that has just failed has not told its traceback yet. */
export async function awaitTracebacks(
  api: Pick<ApiClient, "telemetry">,
  jobId: ID,
  failed: readonly TaskId[],
  signal: AbortSignal,
  { clock, sleep }: Patience = realPatience,
): Promise<readonly Traceback[]> {
  for (const endMs = clock() + toldWithinMs; ; ) {
    const found = await readTracebacks(api, jobId, signal);
    const told = new Set(found.map(({ task }) => task));
    if (failed.every((task) => told.has(task)) || clock() > endMs) return found;
    await sleep(lookEveryMs, signal);
    signal.throwIfAborted();
  }
}

function tracebackOf({ attributes, events }: Span): Traceback | undefined {
  const task = textOf(attributes, "task_id");
  const event = events.findLast(({ name }) => name === "exception");
  if (event === undefined || task === "") return undefined;
  const text = textOf(event.attributes, "exception.stacktrace").trimEnd();
  const type = textOf(event.attributes, "exception.type").split(".").at(-1) ?? "";
  const message = textOf(event.attributes, "exception.message");
  return {
    task: task as TaskId,
    summary: message === "" ? type : `${type}: ${message}`,
    text,
    frames: framesOf(text),
    atMs: Number(event.timeUnixNano / 1_000_000n),
  };
}

/** Outermost first, as Python prints them. */
function framesOf(text: string): TracebackFrame[] {
  return [...text.matchAll(/^ {2}File "(.+?)", line (\d+)/gm)].map(([, file = "", line = ""]) => ({
    file,
    line: Number(line),
  }));
}

function textOf(attributes: readonly KeyValue[], key: string): string {
  const value = attributes.find((attribute) => attribute.key === key)?.value?.value;
  return value?.case === "stringValue" ? value.value : "";
}
