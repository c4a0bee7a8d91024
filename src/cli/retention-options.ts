import { type Command, Option } from "commander";
import type { Retention } from "../engine/retention.ts";
import { type TelemetryLimits, telemetryLimits } from "../engine/telemetry.ts";
import { wholeNumber } from "./whole-number.ts";

const forever = "forever";
type Limit = number | typeof forever;

export interface RetentionOptions {
  readonly keepJobsDays: Limit;
  readonly keepJobs: Limit;
  readonly keepArtifactsDays: Limit;
  readonly keepTelemetryDays: number;
  readonly keepTelemetryMib: number;
}

const dayMs = 86_400_000;
const mib = 1024 * 1024;

/**
 * Jobs are what somebody did and may be asked about, so that none goes unless it was said. An artifact without
 * a release is what an upload left that was never published, or whose release was unpublished: publishing it
 * again uploads it again. Telemetry grows with every task and never had a place for ever.
 */
const defaults = {
  artifactsDays: 30,
  telemetryDays: telemetryLimits.maxAgeMs / dayMs,
  telemetryMib: telemetryLimits.maxTotalBytes / mib,
};

export function addRetentionOptions(command: Command): Command {
  const option = (flags: string, description: string, env: string) =>
    new Option(flags, description).env(`WORKFLOW_RELEASE_${env}`);
  return command
    .addOption(
      option(
        "--keep-jobs-days <days>",
        "remove jobs, with their tasks and telemetry, so long after they were completed, failed or canceled; " +
          '"forever" keeps them',
        "KEEP_JOBS_DAYS",
      )
        .argParser(orForever(wholeNumber(1, 36_500), forever))
        .default(forever),
    )
    .addOption(
      option(
        "--keep-jobs <count>",
        'of completed and canceled jobs keep the newest so many; "forever" keeps them all',
        "KEEP_JOBS",
      )
        .argParser(orForever(wholeNumber(1, 1_000_000_000), forever))
        .default(forever),
    )
    .addOption(
      option(
        "--keep-artifacts-days <days>",
        'remove artifacts that no release names so long after they were used last; "forever" keeps them',
        "KEEP_ARTIFACTS_DAYS",
      )
        .argParser(orForever(wholeNumber(1, 36_500), defaults.artifactsDays))
        .default(defaults.artifactsDays),
    )
    .addOption(
      option(
        "--keep-telemetry-days <days>",
        "remove logs and spans so long after they came",
        "KEEP_TELEMETRY_DAYS",
      )
        .argParser(orDefault(wholeNumber(1, 36_500), defaults.telemetryDays))
        .default(defaults.telemetryDays),
    )
    .addOption(
      option(
        "--keep-telemetry-mib <mib>",
        "remove the oldest logs and spans beyond this size",
        "KEEP_TELEMETRY_MIB",
      )
        .argParser(orDefault(wholeNumber(1, 1_000_000), defaults.telemetryMib))
        .default(defaults.telemetryMib),
    );
}

/** An empty variable is how container platforms say that there is none. */
function orDefault<Value>(parse: (text: string) => Value, unset: Value): (text: string) => Value {
  return (text) => (text === "" ? unset : parse(text));
}

function orForever(parse: (text: string) => number, unset: Limit): (text: string) => Limit {
  return orDefault<Limit>((text) => (text === forever ? forever : parse(text)), unset);
}

/** What openControlPlane is given. */
export function retentionOf(options: RetentionOptions): {
  readonly retention: Retention;
  readonly telemetryLimits: TelemetryLimits;
} {
  const { keepJobsDays, keepJobs, keepArtifactsDays, keepTelemetryDays, keepTelemetryMib } = options;
  const daysMs = (days: Limit) => (days === forever ? undefined : days * dayMs);
  return {
    retention: {
      jobsMs: daysMs(keepJobsDays),
      jobs: keepJobs === forever ? undefined : keepJobs,
      artifactsMs: daysMs(keepArtifactsDays),
    },
    telemetryLimits: {
      ...telemetryLimits,
      maxAgeMs: keepTelemetryDays * dayMs,
      maxTotalBytes: keepTelemetryMib * mib,
    },
  };
}

/** What a person is told when the server starts, so that nothing goes unannounced. */
export function retentionText(options: RetentionOptions): string {
  const { keepJobsDays, keepJobs, keepArtifactsDays, keepTelemetryDays, keepTelemetryMib } = options;
  const days = (count: Limit) =>
    count === forever ? "for ever" : `for ${count} ${count === 1 ? "day" : "days"}`;
  const newest = keepJobs === forever ? "" : `, of completed and canceled ones the newest ${keepJobs}`;
  return [
    `Keeps ended jobs ${days(keepJobsDays)}${newest}`,
    `artifacts of no release ${days(keepArtifactsDays)}`,
    `logs and spans ${days(keepTelemetryDays)} and up to ${keepTelemetryMib} MiB`,
  ].join("; ");
}
