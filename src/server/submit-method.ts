import { JobService } from "../api/gen/workflows/v1/job_pb.ts";
import type { JobStore } from "../store/job-port.ts";
import type { UnaryMethod } from "./grpc-unary.ts";
import { createSubmitJob } from "./services/submit-job.ts";
import { unaryMethod } from "./unary-method.ts";

export function createSubmitMethod(jobs: Pick<JobStore, "submitJob">): UnaryMethod {
  return unaryMethod(JobService.method.submitJob, createSubmitJob(jobs));
}
