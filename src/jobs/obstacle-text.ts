import type { ClaimObstacle } from "../engine/claim-obstacle.ts";

/** Why a task waits, and what to do about it, in one sentence. */
export function obstacleText(obstacle: ClaimObstacle): string {
  switch (obstacle.kind) {
    case "not-queued":
      return `it is ${obstacle.state} by now`;
    case "job-canceled":
      return "the job was canceled; `job retry` hands its tasks out again";
    case "job-failed":
      return "the job has failed; mend what failed, then `job retry`";
    case "dependency-incomplete":
      return `it waits for other tasks: ${obstacle.dependencies.join(", ")}`;
    case "no-runner":
      return `no runner asks for tasks of the cluster ${obstacle.cluster}; start one: workflow-release runner --cluster ${obstacle.cluster}`;
    case "no-deployment":
      return `no release on the cluster ${obstacle.cluster} has a task ${obstacle.name}; deploy one that has`;
    case "wrong-major":
      return `it wants version ${obstacle.wanted}, and there is only another major version: ${obstacle.available.join(", ")}`;
    case "minor-too-old":
      return `it wants version ${obstacle.wanted} or a newer minor one, and there is only ${obstacle.available.join(", ")}`;
    case "not-loaded":
      return `a release on the cluster ${obstacle.cluster} has it, but no runner has loaded that; the runner's log says why`;
  }
}
