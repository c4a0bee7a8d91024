/** The inputs that say what is reported where. Read apart from the others: a run whose inputs are wrong reports too. */
import { actionInputs } from "../action-contract.ts";
import type { Problem } from "../errors.ts";
import { nearestName } from "../project/nearest-name.ts";
import type { Environment } from "../worker/environment.ts";

export const reportChannels = ["summary", "comment", "annotations", "deployments"] as const;
export type ReportChannel = (typeof reportChannels)[number];

export interface ReportInputs {
  readonly channels: ReadonlySet<ReportChannel>;
  /** Whether a person chose the channels: what is then not permitted is worth more than a line in the log. */
  readonly chosen: boolean;
  /** Empty when there is none: the log, the summary and the annotations need no token. */
  readonly token: string;
  /** JSON of the job's matrix values; `null` outside a matrix. */
  readonly matrix: string;
  readonly problems: readonly Problem[];
}

/** Never throws. A list that is wrong reports everywhere. */
export function readReportInputs(env: Environment): ReportInputs {
  const given = env.INPUT_REPORT?.trim() ?? "";
  const names = (given === "" ? actionInputs.report.default : given)
    .split(/[,\n]/)
    .map((name) => name.trim());
  const known = names.filter((name) => isChannel(name));
  const none = names.length === 1 && names[0] === "none";
  const problems = none ? [] : names.filter((name) => !isChannel(name)).map(unknownChannel);
  return {
    channels: new Set(problems.length > 0 ? reportChannels : known),
    chosen: given !== "" && given !== actionInputs.report.default,
    // Their defaults are expressions, which GitHub fills in; an empty value is one that a person emptied.
    token: env["INPUT_GITHUB-TOKEN"]?.trim() ?? "",
    matrix: env.INPUT_MATRIX?.trim() ?? "",
    problems,
  };
}

function isChannel(name: string): name is ReportChannel {
  return (reportChannels as readonly string[]).includes(name);
}

function unknownChannel(name: string): Problem {
  const nearest = nearestName(name, reportChannels);
  const choices = `${reportChannels.join(", ")} or none`;
  return {
    message: `report: ${JSON.stringify(name)} is not a choice`,
    hint: nearest === undefined ? choices : `did you mean ${nearest}?`,
  };
}
