/**
 * Advisory locks: numbers that mean what this program lets them mean, in one database. Those of a
 * transaction end with it; the server drops all of them with the connection, however it ends.
 */
export const locks = {
  /** Steps of the schema. */
  migrations: 2_026_110_001,
  /**
   * Exclusive: keys, clusters, workflows, releases change, one transaction at a time as in SQLite; they are
   * rare. Shared: tasks are submitted, to clusters that must not be deleted meanwhile.
   */
  catalog: 2_026_110_002,
  /** Telemetry is counted against limits that all control planes share. */
  telemetry: 2_026_110_003,
  /** New queues, so that they are committed in the order of their sequences. */
  queues: 2_026_110_006,
  /** Held by the control plane that removes what nobody needs, while it does. */
  retention: 2_026_110_007,
  /** Held, shared, by each control plane while it runs. Whoever gets it exclusively is alone. */
  running: 2_026_110_005,
} as const;
