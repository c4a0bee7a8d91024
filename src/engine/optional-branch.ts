/** Giving up an optional branch: what is queued in it is skipped, what runs in it may finish. */

/** A submission group of the branch that is not done. */
export interface BranchGroup<Group, Task> {
  readonly group: Group;
  /** The task that submitted it: the optional task itself, or one below it. */
  readonly parent: Task;
  readonly runningMembers: number;
  /** Members that ran and have sub-tasks that are not done; their groups are in the branch too. */
  readonly computedMembers: readonly Task[];
}

/** What is left to wait for once the queued tasks are skipped. */
export interface GivenUpBranch<Group, Task> {
  readonly openMembers: ReadonlyMap<Group, number>;
  /** For the optional task and every computed task below it. */
  readonly openGroups: ReadonlyMap<Task, number>;
}

/**
 * Counts anew what the branch still waits for. Running tasks keep it open until they end: the optional task
 * counts as complete only when nothing of it runs any more. [guess; the documents speak of queued tasks]
 *
 * @param root the nearest ancestor that was submitted as optional.
 * @param groups every open group below it, parents before children.
 */
export function giveUpBranch<Group, Task>(
  root: Task,
  groups: readonly BranchGroup<Group, Task>[],
): GivenUpBranch<Group, Task> {
  const openMembers = new Map<Group, number>();
  const openGroups = new Map<Task, number>([[root, 0]]);
  for (const { group, parent, runningMembers, computedMembers } of groups.toReversed()) {
    let open = runningMembers;
    for (const member of computedMembers) {
      const groupsLeft = openGroups.get(member) ?? 0;
      openGroups.set(member, groupsLeft);
      if (groupsLeft > 0) open++;
    }
    openMembers.set(group, open);
    if (open > 0) openGroups.set(parent, (openGroups.get(parent) ?? 0) + 1);
  }
  return { openMembers, openGroups };
}
