import { familyCpuSeconds } from "./cpu-seconds.ts";

export interface Metered {
  readonly perSecond: number;
  /** Processor time of a task, in microseconds; NaN where the system does not tell. */
  readonly ownCpuUs: number;
  /** Of PostgreSQL, all of its processes. */
  readonly postgresCpuUs: number;
}

/** Begins to measure; what comes back ends it, for so many tasks. `ownSeconds` is of whatever works beside PostgreSQL. */
export function startMeter(
  ownSeconds: () => number,
  postgresPid: number | undefined,
): (tasks: number) => Metered {
  const postgresSeconds = () => (postgresPid === undefined ? Number.NaN : familyCpuSeconds(postgresPid));
  const [own, postgres, startedMs] = [ownSeconds(), postgresSeconds(), performance.now()];
  return (tasks) => ({
    perSecond: (tasks / (performance.now() - startedMs)) * 1_000,
    ownCpuUs: ((ownSeconds() - own) * 1e6) / tasks,
    postgresCpuUs: ((postgresSeconds() - postgres) * 1e6) / tasks,
  });
}

/** Processor time of the process that measures, where what is measured runs in it. */
export function thisProcessSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
