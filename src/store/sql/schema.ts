import { createArtifactTable, createContractTable, noteArtifactUse } from "./artifacts.ts";
import { createClusterTable } from "./cluster-table.ts";
import { createDeploymentTable } from "./deployment-table.ts";
import { createHistoryTable, recordRunsAndGates } from "./history-table.ts";
import { createJobProgressTables } from "./job-progress-table.ts";
import { createJobTables, noteJobCancel } from "./job-table.ts";
import { createKeyTable } from "./keys.ts";
import type { Migration } from "./migration.ts";
import { createReleaseTables } from "./release-table.ts";
import { createRemovedJobTable } from "./removed-job-table.ts";
import { createRunnerOfferTable } from "./runner-offers.ts";
import { createRunnerTable } from "./runners.ts";
import { createTaskGroupTables, indexTaskGroupDependents } from "./task-group-table.ts";
import { createTaskQueueTables } from "./task-queue-table.ts";
import { createTaskSequences, createTaskTables } from "./task-table.ts";
import { createTelemetryTables } from "./telemetry-table.ts";
import { createWorkflowTable } from "./workflow-table.ts";

/**
 * Every step the schema has taken, oldest first. A step that was released never changes: what comes later
 * is a new step, and its SQL stands beside the row type it makes.
 */
export const migrations: readonly Migration[] = [
  {
    name: "releases",
    breaking: true,
    sql: [
      createKeyTable,
      createArtifactTable,
      createClusterTable,
      createWorkflowTable,
      createReleaseTables,
      createDeploymentTable,
      createHistoryTable,
    ].join("\n"),
  },
  {
    name: "jobs",
    breaking: true,
    sql: [
      createJobTables,
      createTaskTables,
      createTaskGroupTables,
      createTaskQueueTables,
      createJobProgressTables,
    ].join("\n"),
  },
  { name: "telemetry", breaking: false, sql: createTelemetryTables },
  { name: "task contracts", breaking: false, sql: createContractTable },
  { name: "history of runs and gates", breaking: true, sql: recordRunsAndGates },
  {
    // SQLite has one writer and needs none of it.
    name: "several control planes",
    breaking: false,
    sql: { sqlite: "", postgres: [createTaskSequences, indexTaskGroupDependents].join("\n") },
  },
  { name: "runners", breaking: false, sql: createRunnerTable },
  {
    // A program that does not know it would give out what is being removed.
    name: "retention",
    breaking: true,
    sql: [noteJobCancel, createRemovedJobTable, noteArtifactUse].join("\n"),
  },
  { name: "runner offers", breaking: false, sql: createRunnerOfferTable },
];
