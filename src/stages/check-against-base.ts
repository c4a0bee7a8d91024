import type { Build } from "../build/build.ts";
import type { BaseCommit } from "../release/base-contract.ts";
import { requireUnbroken } from "../release/contract-check.ts";
import { contractLines } from "../report/contract-lines.ts";
import type { RunRecord } from "../report/record.ts";
import type { RunPlan } from "../run-plan.ts";
import { enter, type StageDeps } from "./stage.ts";

/** Compares the task contract with that of the branch that the checkout is to be merged into. */
export async function checkAgainstBase(
  base: BaseCommit | undefined,
  build: Build,
  { projectFolder, allow }: RunPlan,
  record: RunRecord,
  deps: StageDeps,
): Promise<void> {
  if (base === undefined) return;
  enter(record, "contract", deps);
  const { compareWithBase } = await import("../release/base-contract.ts");
  const check = await compareWithBase({
    base,
    projectFolder,
    contract: build.contract,
    build: (folder, outputFolder, signal) => deps.contractOf(folder, outputFolder, build, signal),
    signal: deps.signal,
  });
  if ("absent" in check) {
    record.contract = { checks: [], absent: check.absent };
    deps.log.info(`Task contract: not compared, ${check.absent}`);
    return;
  }
  record.contract = { checks: [check], allowedBy: allow.get("breaking") };
  for (const line of contractLines(check)) deps.log.info(line);
  requireUnbroken([check], allow.has("breaking"));
}
