/**
 * When a task and everything below it is done, and what that sets free. Counters instead of searches:
 * each submission group counts its members that are not done and the groups it still waits for, each task
 * counts its groups of sub-tasks that are not done. So the cost of a completion is the length of the chain
 * it closes, whatever the size of the job. Dependencies stand between groups, as the contract has them:
 * every member waits for every member, and a counter a group says that without a row a pair.
 */

/** One link of the way from a task that is done to the root of its job. */
export interface CompletionLink<Group, Task> {
  readonly group: Group;
  /** Members of the group that are not done, the one that just got done included. */
  readonly openMembers: number;
  /** The groups that wait for this one; each with the number of groups it still waits for, this included. */
  readonly dependents: readonly { readonly group: Group; readonly unmetDependencies: number }[];
  /** The task that submitted the group, with its groups that are not done; undefined for root tasks. */
  readonly parent: { readonly task: Task; readonly openGroups: number } | undefined;
}

export interface Completion<Group, Task> {
  /** One member less is open in each of these. */
  readonly groups: readonly Group[];
  /** Each of these waits for one group less. */
  readonly nearerGroups: readonly Group[];
  /** Their queued members can be claimed now. */
  readonly releasedGroups: readonly Group[];
  /** Each of these tasks has one open group less. */
  readonly parents: readonly Task[];
  /** The job has one group of root tasks less to wait for. */
  readonly closesRootGroup: boolean;
}

/**
 * Follows the chain from the group of the task that is done upward, as far as groups and tasks close. Links
 * are taken one at a time, so that a store reads no more of them than it needs.
 */
export function completeTask<Group, Task>(
  chain: Iterable<CompletionLink<Group, Task>>,
): Completion<Group, Task> {
  const groups: Group[] = [];
  const nearerGroups: Group[] = [];
  const releasedGroups: Group[] = [];
  const parents: Task[] = [];
  let closesRootGroup = false;
  for (const link of chain) {
    groups.push(link.group);
    if (link.openMembers > 1) break;
    for (const dependent of link.dependents) {
      nearerGroups.push(dependent.group);
      if (dependent.unmetDependencies === 1) releasedGroups.push(dependent.group);
    }
    if (link.parent === undefined) {
      closesRootGroup = true;
      break;
    }
    parents.push(link.parent.task);
    if (link.parent.openGroups > 1) break;
  }
  return { groups, nearerGroups, releasedGroups, parents, closesRootGroup };
}
