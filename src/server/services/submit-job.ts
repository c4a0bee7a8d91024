import type { SubmitJobRequest } from "../../api/gen/workflows/v1/job_pb.ts";
import type { JobStore } from "../../store/job-port.ts";
import { jobAnswer } from "./job-answers.ts";
import { checkSubmitJob } from "./job-requests.ts";

/** Apart from the other methods of JobService, for a mount of its own. */
export function createSubmitJob(jobs: Pick<JobStore, "submitJob">) {
  return async (request: SubmitJobRequest) => jobAnswer(await jobs.submitJob(checkSubmitJob(request)));
}
