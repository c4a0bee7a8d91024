/** Events of a runner for those who read them: one line of text for a person, one object for a program. */
import type { Task } from "../api/gen/workflows/v1/core_pb.ts";
import { idFromBytes } from "../engine/id.ts";
import { describeExit } from "../worker/worker-process.ts";
import type { DeployedRelease } from "./deployed-release.ts";
import type { RunnerEvent } from "./events.ts";

export interface EventLine {
  /** detail: one a task, for those who ask for it. */
  readonly level: "info" | "warning" | "detail";
  readonly text: string;
}

export function eventLine(event: RunnerEvent): EventLine {
  switch (event.kind) {
    case "started":
      return info(`Runner of cluster ${event.cluster}, ${count(event.concurrency, "task")} at once`);
    case "deployment-seen":
      return info(
        event.releases.length === 0
          ? "Nothing is deployed here"
          : `Deployed here: ${event.releases.map(nameOf).join(", ")}`,
      );
    case "release-refused":
      return warning(
        `Left out ${event.refused.workflow} ${event.refused.id}: ${event.refused.reason}`.replace("  ", " "),
      );
    case "release-loading":
      return info(`Loading ${nameOf(event.release)}`);
    case "release-fetched":
      return info(`${nameOf(event.release)}: files are there after ${duration(event.tookMs)}`);
    case "environment-ready":
      return info(`${nameOf(event.release)}: environment made in ${duration(event.tookMs)}`);
    case "worker-ready":
      return info(`${nameOf(event.release)}: worker ready after ${duration(event.tookMs)}`);
    case "release-broken":
      return warning(
        `${nameOf(event.release)} cannot be run and is left alone for ${duration(event.againInMs)}: ${[
          event.error.message,
          ...event.error.problems.map(({ message }) => message),
          `What to do: ${event.error.next}`,
        ].join("\n")}`,
      );
    case "release-draining":
      return info(
        `${nameOf(event.release)} is ${event.why === "stopping" ? "stopping" : event.why}: ${count(event.tasks, "task")} to finish`,
      );
    case "release-gone":
      return info(`${nameOf(event.release)}: worker gone`);
    case "worker-died":
      return warning(
        `${nameOf(event.release)}: worker ended with ${describeExit(event.exit)}; another one starts ${
          event.restartInMs === 0 ? "now" : `in ${duration(event.restartInMs)}`
        }${lastLines(event.output.stderr)}`,
      );
    case "worker-left":
      return warning(
        `${nameOf(event.release)}: worker is left: a task ran beyond its limit, or could not be handed to it`,
      );
    case "tasks-ambiguous":
      return warning(
        `Not claimed, because more than one workflow here has them: ${event.ambiguous
          .map(({ name, major, workflows }) => `${name} v${major} (${workflows.join(", ")})`)
          .join("; ")}`,
      );
    case "task-started":
      return { level: "detail", text: `Task ${taskName(event.task)} of job ${jobName(event.task)} started` };
    case "task-ended":
      return event.result.kind === "computed"
        ? { level: "detail", text: `Task ${taskName(event.task)} done in ${duration(event.tookMs)}` }
        : warning(
            `Task ${taskName(event.task)} of job ${jobName(event.task)} failed after ${duration(event.tookMs)}: ${event.result.task.display}`,
          );
    case "task-handed-back":
      return warning(`Task ${taskName(event.task)} goes back to the queue: ${event.reason}`);
    case "result-refused":
      return warning(
        `The control plane refused the result of ${taskName(event.task)}: ${event.error.message}`,
      );
    case "lease-lost":
      return warning(`The lease of ${taskName(event.task)} has ended; another runner may get it too`);
    case "control-plane-lost":
      return warning(`${event.error.message}; trying again until it answers`);
    case "control-plane-back":
      return info("The control plane answers again");
    case "folder-removed":
      return info(
        `Removed release ${event.digest.slice(0, 12)}, unused longest: ${mebibytes(event.sizeBytes)} MiB`,
      );
    case "stopping":
      return info(`Stopping, because ${event.why}; ${count(event.tasks, "task")} to finish`);
  }
}

/** Flat, with names and ids in place of messages of the wire. */
export function eventRecord(event: RunnerEvent): Record<string, unknown> {
  return Object.fromEntries(Object.entries(event).map(([name, value]) => [name, plain(name, value)]));
}

function plain(name: string, value: unknown): unknown {
  if (name === "task") {
    const task = value as Task;
    return {
      id: idFromBytes(task.id?.uuid ?? new Uint8Array()),
      name: task.identifier?.name,
      version: task.identifier?.version,
      job: idFromBytes(task.job?.id?.uuid ?? new Uint8Array()),
    };
  }
  if (name === "result") {
    const result = value as Extract<RunnerEvent, { kind: "task-ended" }>["result"];
    return result.kind === "computed"
      ? { kind: result.kind }
      : { kind: result.kind, display: result.task.display, wasWorkflowError: result.task.wasWorkflowError };
  }
  if (name === "error") {
    const { code, message, problems, next } = value as Extract<
      RunnerEvent,
      { kind: "release-broken" }
    >["error"];
    return { code, message, problems, next };
  }
  return value;
}

const info = (text: string): EventLine => ({ level: "info", text });
const warning = (text: string): EventLine => ({ level: "warning", text });

function nameOf({ workflow, id }: DeployedRelease): string {
  return `${workflow} ${id}`;
}

function taskName({ identifier, display }: Task): string {
  return identifier?.name ?? display ?? "?";
}

function jobName({ job }: Task): string {
  return job?.name ?? "?";
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

function mebibytes(sizeBytes: number): number {
  return Math.round(sizeBytes / 1024 / 1024);
}

const shownLines = 10;

function lastLines(text: string): string {
  const lines = text.trimEnd().split("\n").slice(-shownLines).join("\n");
  return lines === "" ? "" : `\n${lines}`;
}
