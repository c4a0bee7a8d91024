import { availableParallelism } from "node:os";
import pLimit from "p-limit";
import { type ReleaseError, UserError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Project } from "../project/project.ts";
import { createHeldLog } from "../report/held-log.ts";
import { type RunRecord, recordFailure } from "../report/record.ts";
import { errorLines } from "../report/terminal.ts";
import { headline, verdict } from "../report/verdict.ts";

/** Each builds in processes of its own; more than this many only take each other's memory. */
const mostAtOnce = Math.min(4, availableParallelism());

export interface ProjectRuns {
  readonly records: readonly RunRecord[];
  readonly log: Log;
  readonly run: (record: RunRecord, log: Log) => Promise<void>;
  /** What a project's run threw, as an error of the table. */
  readonly toFailure: (thrown: unknown) => ReleaseError;
}

/**
 * Runs several projects, some at once. The failure of one is recorded and hides nothing of the others; the log of
 * each is written whole, when it has ended.
 *
 * @returns The failures, in the order of the records.
 */
export async function runProjects({ records, log, run, toFailure }: ProjectRuns): Promise<ReleaseError[]> {
  const limit = pLimit(mostAtOnce);
  let written = Promise.resolve();
  const outcomes = await Promise.all(
    records.map((record) =>
      limit(async () => {
        const held = createHeldLog();
        const failure = await run(record, held.log).then(() => undefined, toFailure);
        if (failure !== undefined) {
          recordFailure(record, failure);
          for (const line of errorLines(failure, verdict(record))) held.log.info(line);
        }
        record.endedAtMs = Date.now();
        written = written.then(() =>
          log.group(`${record.projectPath}: ${headline(record)}`, async () => held.writeTo(log)),
        );
        return failure;
      }),
    ),
  );
  await written;
  return outcomes.filter((failure) => failure !== undefined);
}

/** Two projects of one run that publish to the same workflow would replace each other's releases. */
export function createSlugClaims(): (project: Project) => Project {
  const claimed = new Map<string, string>();
  return (project) => {
    const other = claimed.get(project.slug);
    if (other !== undefined) {
      throw new UserError("config-invalid", `The workflow ${project.slug} is that of another project, too`, {
        problems: [{ message: `${other} and ${project.configPath} have the same slug` }],
        next: "Give each project a slug of its own, or name each project once.",
      });
    }
    claimed.set(project.slug, project.configPath);
    return project;
  };
}
