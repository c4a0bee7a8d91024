/**
 * When a task and everything below it is done, and what that sets free. Counters instead of searches:
 * each submission group counts its members that are not done and the groups it still waits for, each task
 * counts its groups of sub-tasks that are not done. So the cost of a completion is the length of the chain
 * it closes, whatever the size of the job. Dependencies stand between groups, as the contract has them:
 * every member waits for every member, and a counter a group says that without a row a pair.
 */

/** One link of the way from a task that is done to the root of its job. */
export interface CompletionLink<Group> {
  /** Members of the group that are not done, now that one more is. */
  readonly openMembers: number;
  /**
   * The groups that wait for this one; each with the number of groups it still waits for, this included.
   * Looked at only when no member is open.
   */
  readonly dependents: readonly { readonly group: Group; readonly unmetDependencies: number }[];
  /** Of the task that submitted the group: its groups that are not done, now that this one is; undefined for root tasks. */
  readonly parent: { readonly openGroups: number } | undefined;
}

export interface Completion<Group> {
  /** Each of these waits for one group less. */
  readonly nearerGroups: readonly Group[];
  /** Their queued members can be claimed now. */
  readonly releasedGroups: readonly Group[];
  /** The job has one group of root tasks less to wait for. */
  readonly closesRootGroup: boolean;
}

/**
 * Follows the chain from the group of the task that is done upward, as far as groups and tasks close. Links
 * are taken one at a time: a store counts down, and reads, as it goes.
 */
export function completeTask<Group>(chain: Iterable<CompletionLink<Group>>): Completion<Group> {
  const nearerGroups: Group[] = [];
  const releasedGroups: Group[] = [];
  let closesRootGroup = false;
  for (const { openMembers, dependents, parent } of chain) {
    if (openMembers > 0) break;
    for (const dependent of dependents) {
      nearerGroups.push(dependent.group);
      if (dependent.unmetDependencies === 1) releasedGroups.push(dependent.group);
    }
    closesRootGroup = parent === undefined;
    if (parent === undefined || parent.openGroups > 0) break;
  }
  return { nearerGroups, releasedGroups, closesRootGroup };
}
