import { TaskService } from "../api/gen/workflows/v1/task_pb.ts";
import { createTaskCalls, type TasksDeps } from "./services/tasks.ts";
import { unaryMethod } from "./unary-method.ts";

export function createTaskMethods(deps: TasksDeps) {
  const calls = createTaskCalls(deps);
  const { nextTask, taskFailed, extendTaskLease } = TaskService.method;
  return {
    nextTask: unaryMethod(nextTask, calls.nextTask),
    taskFailed: unaryMethod(taskFailed, calls.taskFailed),
    extendTaskLease: unaryMethod(extendTaskLease, calls.extendTaskLease),
  };
}
