/** A queue straight on the store, without the RPC: filled, and worked off by so many at once. */
import type { Store } from "../../src/store/port.ts";
import { anyTask, computed, newJob, task } from "../store/job-samples.ts";

const tasksOfJob = 10_000;
const input = Buffer.from("x".repeat(100));

export interface StoreQueue {
  add(tasks: number): Promise<void>;
  /** Completes and claims so many tasks. */
  work(tasks: number): Promise<void>;
}

export function storeQueue({ jobs }: Store, runners: number): StoreQueue {
  return {
    async add(tasks) {
      for (let left = tasks; left > 0; left -= tasksOfJob) {
        const members = Array.from({ length: Math.min(left, tasksOfJob) }, () => task("Task", { input }));
        await jobs.submitJob(newJob([{ dependsOn: [], tasks: members }]));
      }
    },
    async work(tasks) {
      let left = tasks;
      await Promise.all(
        Array.from({ length: runners }, async () => {
          let { task } = await jobs.nextTask({ computed: undefined, offer: anyTask });
          while (task !== undefined && left > 0) {
            left--;
            ({ task } = await jobs.nextTask({ computed: computed(task.id), offer: anyTask }));
          }
        }),
      );
    },
  };
}
