/**
 * RunnerService, which is this product's own: reports and claims of several tasks in one call. Where tasks are short a
 * call costs a control plane as much as what it asks for.
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type {
  NextTasksRequest,
  NextTasksResponseSchema,
  RunnerService,
  TaskReport,
  TaskReportOutcomeSchema,
} from "../../api/gen/workflowrelease/v1/runner_pb.ts";
import { mostReports } from "../../api/runner-calls.ts";
import { toStatus } from "../../api/status.ts";
import { type Problem, UserError } from "../../errors.ts";
import { peerOf } from "../peer.ts";
import { type ReportFailure, toConnectError } from "../rpc-errors.ts";
import { readOffer } from "./task-requests.ts";
import { type RunnerCall, reportAndClaim, type TasksDeps } from "./tasks.ts";

export interface RunnerDeps extends TasksDeps {
  readonly report: ReportFailure;
}

type Outcome = MessageInitShape<typeof TaskReportOutcomeSchema>;

export function createRunnerService(deps: RunnerDeps): ServiceImpl<typeof RunnerService> {
  return { nextTasks: (request, context) => nextTasks(deps, request, { peer: peerOf(context) }) };
}

/**
 * Each report ends by itself: one that the store fails undoes none of its neighbours. Throws request-invalid, and then
 * nothing is reported.
 */
export async function nextTasks(
  deps: RunnerDeps,
  request: NextTasksRequest,
  { peer }: Pick<RunnerCall, "peer">,
): Promise<MessageInitShape<typeof NextTasksResponseSchema>> {
  checkReports(request);
  const offers = request.offers.map((toRun) => ({ offer: readOffer(toRun) }));
  for (const { offer } of offers) {
    if (offer === undefined) continue;
    deps.seen.note(offer, peer);
    deps.waiting.reported(offer, peer);
  }
  const settle = async ({ computedTask, offer }: TaskReport): Promise<Outcome> => {
    try {
      const answer = await reportAndClaim(deps, computedTask, offers[offer - 1]);
      return { outcome: { case: "answer", value: answer } };
    } catch (thrown) {
      return {
        outcome: { case: "refusal", value: toStatus(toConnectError(thrown, "NextTasks", deps.report)) },
      };
    }
  };
  return { outcomes: await Promise.all(request.reports.map(settle)) };
}

function checkReports({ offers, reports }: NextTasksRequest): void {
  const problems: Problem[] = [];
  if (reports.length > mostReports) {
    problems.push({ file: "reports", message: `there are ${reports.length}, more than ${mostReports}` });
  }
  for (const [index, { computedTask, offer }] of reports.entries()) {
    const file = `reports[${index}]`;
    if (computedTask === undefined) problems.push({ file, message: "it has no computed_task" });
    if (offer > offers.length) problems.push({ file, message: `there is no offer ${offer}` });
  }
  if (problems.length > 0) throw new UserError("request-invalid", "NextTasks cannot be read", { problems });
}
