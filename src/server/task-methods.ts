import { RunnerService } from "../api/gen/workflowrelease/v1/runner_pb.ts";
import { TaskService } from "../api/gen/workflows/v1/task_pb.ts";
import { nextTasks, type RunnerDeps } from "./services/runner.ts";
import { createTaskCalls } from "./services/tasks.ts";
import { unaryMethod } from "./unary-method.ts";

export function createTaskMethods(deps: RunnerDeps) {
  const calls = createTaskCalls(deps);
  const { nextTask, taskFailed, extendTaskLease } = TaskService.method;
  return {
    nextTask: unaryMethod(nextTask, calls.nextTask),
    nextTasks: unaryMethod(RunnerService.method.nextTasks, (request, call) => nextTasks(deps, request, call)),
    taskFailed: unaryMethod(taskFailed, calls.taskFailed),
    extendTaskLease: unaryMethod(extendTaskLease, calls.extendTaskLease),
  };
}
