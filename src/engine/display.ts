import { type FailureReason, givenBackLimit, lostLimit } from "./task-state.ts";

/** The public service keeps 1,024 characters of a task's display and cuts the rest. [doc: jobs] */
export const displayLimit = 1024;

/** Cuts to the limit, counted in code points as Python counts, so that no character is cut in two. */
export function cutDisplay(text: string): string {
  if (text.length <= displayLimit) return text;
  const characters = Array.from(text);
  return characters.length <= displayLimit ? text : characters.slice(0, displayLimit).join("");
}

/** A report's display replaces the task's; an empty one leaves it. [doc: task.proto] */
export function newDisplay(current: string, reported: string): string {
  return reported === "" ? current : cutDisplay(reported);
}

/** The engine's own reasons follow the display on a line of their own, as the SDKs append their errors. */
export function withReason(display: string, reason: string): string {
  return cutDisplay(display === "" ? reason : `${display}\n${reason}`);
}

/** What a person reads at a task that failed without an error of its own. */
export function failureText(reason: Exclude<FailureReason, "workflow-error">): string {
  switch (reason) {
    case "lost-too-often":
      return `The runner was lost ${lostLimit + 1} times while running this task.`;
    case "given-back-too-often":
      return `Runners gave this task back ${givenBackLimit + 1} times without running it.`;
  }
}
