import { type CompletionLink, completeTask } from "../../engine/completion.ts";
import { giveUpBranch } from "../../engine/optional-branch.ts";
import { returned } from "./statement.ts";
import type { GroupRow, OpenMembers } from "./task-group-table.ts";
import type { OpenGroups } from "./task-table.ts";
import type { TaskTables, TaskWork } from "./task-work.ts";

/** Carries out what follows when tasks are done. */
export interface TaskCompletion {
  /** The task and everything below it is done. */
  complete(work: TaskWork, task: { readonly job: number; readonly task_group: number }): void;
  /**
   * A task failed below this optional one: what is queued there is skipped.
   * @param optionalTask tasks.sequence
   */
  giveUp(work: TaskWork, job: number, optionalTask: number): void;
}

export function createTaskCompletion({ tasks, groups, queues }: TaskTables): TaskCompletion {
  /** The way from a group to the root, counted down as far as it is followed. */
  function* chain(start: number): Generator<CompletionLink<number>> {
    let group: number | null = start;
    while (group !== null) {
      const after: OpenMembers = returned(groups.closeOneMember.get(group));
      const isClosed = after.open_members === 0;
      const above: OpenGroups | undefined =
        isClosed && after.parent !== null ? returned(tasks.closeOneGroup.get(after.parent)) : undefined;
      yield {
        openMembers: after.open_members,
        dependents: isClosed ? groups.dependents.all(group) : [],
        parent: above === undefined ? undefined : { openGroups: above.open_groups },
      };
      group = above?.task_group ?? null;
    }
  }

  function release(work: TaskWork, group: number): void {
    const { job, first_task, last_task } = returned(groups.bySequence.get(group));
    const queued = Map.groupBy(tasks.queuesOfQueued.all(first_task, last_task), (task) => task.queue);
    tasks.release.run(first_task, last_task);
    for (const [queue, members] of queued) {
      queues.setWaiting.run(1, job, queue);
      work.markReady(job, queue, members.length);
    }
  }

  function complete(work: TaskWork, task: { readonly job: number; readonly task_group: number }): void {
    const change = completeTask(chain(task.task_group));
    for (const group of change.nearerGroups) groups.meetOneDependency.run(group);
    for (const group of change.releasedGroups) release(work, group);
    if (change.closesRootGroup) work.ledger.job(task.job).open_root_groups -= 1;
  }

  /** Every open group below a task, parents before children. */
  function openGroupsBelow(job: number, task: number): { group: GroupRow; computedMembers: number[] }[] {
    const found: { group: GroupRow; computedMembers: number[] }[] = [];
    const parents = [task];
    for (let parent = parents.pop(); parent !== undefined; parent = parents.pop()) {
      for (const group of groups.openUnder.all(job, parent)) {
        const members = tasks.openComputed.all(group.first_task, group.last_task);
        const computedMembers = members.map((member) => member.sequence);
        found.push({ group, computedMembers });
        parents.push(...computedMembers);
      }
    }
    return found;
  }

  return {
    complete,

    giveUp(work, job, optionalTask) {
      const below = openGroupsBelow(job, optionalTask);
      const branch = below.map(({ group, computedMembers }) => {
        const skipped = tasks.skipQueued.change(group.first_task, group.last_task);
        if (skipped > 0) work.ledger.count(job, "queued", "skipped", skipped);
        const runningMembers = tasks.abandonRunning.change(group.first_task, group.last_task);
        return {
          group: group.sequence,
          parent: returned(group.parent ?? undefined),
          runningMembers,
          computedMembers,
        };
      });
      const left = giveUpBranch(optionalTask, branch);
      for (const [group, openMembers] of left.openMembers) groups.setOpenMembers.run(openMembers, group);
      for (const [task, openGroups] of left.openGroups) tasks.setOpenGroups.run(openGroups, task);
      if (left.openGroups.get(optionalTask) === 0) {
        complete(work, returned(tasks.bySequence.get(optionalTask)));
      }
    },
  };
}
