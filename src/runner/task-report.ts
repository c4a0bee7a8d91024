/** The reports that the runner itself makes about tasks; the others are the worker's, passed on as they are. */
import { create } from "@bufbuild/protobuf";
import type { Task } from "../api/gen/workflows/v1/core_pb.ts";
import {
  type ComputedTask,
  type TaskFailedRequest,
  TaskFailedRequestSchema,
} from "../api/gen/workflows/v1/task_pb.ts";
import { displayLimit } from "../engine/display.ts";

export type TaskResult =
  | { readonly kind: "computed"; readonly task: ComputedTask }
  | { readonly kind: "failed"; readonly task: TaskFailedRequest };

/** Enough to recognise a native crash or a build's last complaint by; the display must hold it. */
const shownOutputCharacters = 500;

/** The task's fault. What is shown is its display, the reason, and the worker's last words where it died. */
export function failed(task: Task, reason: string, lastWords = ""): TaskResult {
  const shown = lastWords.trim().slice(-shownOutputCharacters);
  const display = [task.display ?? "", reason, shown].filter((part) => part !== "").join("\n");
  return report(task, true, display);
}

/** Not its fault. An empty display leaves the task's own. */
export function handedBack(task: Task): TaskResult {
  return report(task, false, "");
}

function report(task: Task, wasWorkflowError: boolean, display: string): TaskResult {
  const message = create(TaskFailedRequestSchema, {
    wasWorkflowError,
    display: Array.from(display).slice(0, displayLimit).join(""),
  });
  if (task.id !== undefined) message.taskId = task.id;
  return { kind: "failed", task: message };
}
