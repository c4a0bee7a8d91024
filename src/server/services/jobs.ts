import type { ServiceImpl } from "@connectrpc/connect";
import type { JobService } from "../../api/gen/workflows/v1/job_pb.ts";
import type { Clock, Random } from "../../engine/id.ts";
import type { JobStore } from "../../store/job-port.ts";
import { jobAnswer, nextPageAnswer, singleTaskAnswers, taskPageAnswer, wireJobState } from "./job-answers.ts";
import { jobDiagram } from "./job-diagram.ts";
import * as check from "./job-requests.ts";
import { createSubmitJob } from "./submit-job.ts";

export interface JobsDeps {
  readonly jobs: JobStore;
  readonly clock: Clock;
  readonly random: Random;
}

type Impl = ServiceImpl<typeof JobService>;

/** GetJobPrototype repeats a dependency for each task of a group, so its answer is bounded like CloneJob's request. */
const prototypeTasks = 1_000;

/** JobService of the public contract, whole. Rules are in engine/, limits in job-requests.ts. */
export function createJobsService(deps: JobsDeps): Impl {
  return { ...lifeMethods(deps), ...listMethods(deps) };
}

function lifeMethods({ jobs, random }: JobsDeps) {
  return {
    submitJob: createSubmitJob(jobs),
    getJob: async (request) => jobAnswer(await jobs.getJob(check.checkJobId("GetJob", request))),
    async cancelJob(request) {
      await jobs.cancelJob(check.checkJobId("CancelJob", request));
      return {};
    },
    retryJob: async (request) => ({
      numTasksRescheduled: BigInt(await jobs.retryJob(check.checkJobId("RetryJob", request))),
    }),
    async getJobPrototype(request) {
      const id = check.checkJobId("GetJobPrototype", request);
      const [job, roots] = await Promise.all([jobs.getJob(id), jobs.readRootTasks(id, prototypeTasks)]);
      return { jobName: job.name, rootTasks: singleTaskAnswers(roots) };
    },
    async cloneJob(request) {
      const { job, name, groups } = check.checkCloneJob(request);
      // Only to answer not_found: what is run is in the request.
      await jobs.getJob(job);
      return jobAnswer(
        await jobs.submitJob({ name, groups, automation: undefined, traceParent: newTraceParent(random) }),
      );
    },
  } satisfies Partial<Impl>;
}

function listMethods({ jobs, clock }: JobsDeps) {
  return {
    async queryJobs(request) {
      const { jobs: found, hasMore } = await jobs.queryJobs(check.checkQueryJobs(request));
      const last = found.at(-1);
      return {
        jobs: found.map(jobAnswer),
        ...(hasMore && last !== undefined ? { nextPage: nextPageAnswer(last.id) } : {}),
      };
    },
    async listJobTasks(request) {
      const { prefetch, ...query } = check.checkListJobTasks(request);
      const page = await jobs.listTasks(query);
      const parents = prefetch === 0 ? [] : page.tasks.filter((task) => task.hasChildren);
      const children = parents.map(async ({ id }) =>
        taskPageAnswer(
          id,
          await jobs.listTasks({ job: query.job, parent: id, limit: prefetch, startingAfter: undefined }),
        ),
      );
      return { page: taskPageAnswer(query.parent, page), prefetchedChildPages: await Promise.all(children) };
    },
    async visualizeJob(request) {
      const id = check.checkJobId("VisualizeJob", request);
      return { svg: await jobDiagram(jobs, id, request) };
    },
    async getJobStateCounts(request) {
      const counts = await jobs.countJobs(
        check.readTimeInterval(request.timeInterval) ?? { fromMs: undefined, beforeMs: undefined },
      );
      const stateCounts = [...counts].map(([state, count]) => ({
        state: wireJobState(state),
        count: BigInt(count),
      }));
      return { stateCounts, totalJobs: stateCounts.reduce((sum, { count }) => sum + count, 0n) };
    },
    async getTaskQueueStats(request) {
      const stats = await jobs.readQueueStats(check.checkQueueStats(request, clock()));
      return {
        waitingJobs: BigInt(stats.waitingJobs),
        runningJobs: BigInt(stats.runningJobs),
        queuedTasks: BigInt(stats.queuedTasks),
        ...(stats.oldestWaiting === undefined ? {} : { oldestWaitingJob: jobAnswer(stats.oldestWaiting) }),
      };
    },
  } satisfies Partial<Impl>;
}

/** A clone's request has none, and tasks and spans of a job must share a trace. [guess] */
function newTraceParent(random: Random): string {
  const hex = (sizeBytes: number) => Buffer.from(random(sizeBytes)).toString("hex");
  return `00-${hex(16)}-${hex(8)}-01`;
}
