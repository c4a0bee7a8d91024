import type { Build } from "../../src/build/build.ts";
import { type RunRecord, startRecord } from "../../src/report/record.ts";

/** A build as a value, for tests of what is made from one. */
export function exampleBuild(changes: Partial<Build> = {}): Build {
  return {
    formatVersion: 1,
    slug: "tiles",
    entrypoint: { kind: "runner", objectPath: "tiles.runner:runner" },
    manifest: [
      { kind: "file", path: "pyproject.toml", mode: 0o644, sizeBytes: 300, sha256: "1".repeat(64) },
      { kind: "file", path: "tiles/runner.py", mode: 0o644, sizeBytes: 2048, sha256: "2".repeat(64) },
      { kind: "symlink", path: "tiles/same.py", mode: 0o777, target: "runner.py" },
    ],
    digest: "d".repeat(64),
    fingerprint: "f".repeat(64),
    tasks: [{ name: "tiles.Mosaic", version: "v1.0" }],
    contract: {
      tasks: [
        {
          name: "tiles.Mosaic",
          version: "v1.0",
          className: "Mosaic",
          input: { kind: "fields", fields: [{ name: "columns", type: "int", required: true }] },
        },
      ],
      records: [],
    },
    archive: { path: "/out/tiles.tar.zst", sha256: "a".repeat(64), sizeBytes: 700 },
    measured: { tarSizeBytes: 10_240, packMs: 12, discoverMs: 812 },
    notices: [],
    ...changes,
  };
}

export const exampleReleaseId = "019acba6-f5fa-7e90-8106-aaaaaaaaaaaa";

/** The record of a run that published a new release and deployed it to dev and production. */
export function exampleRecord(changes: Partial<RunRecord> = {}): RunRecord {
  const build = changes.build ?? exampleBuild();
  const { digest, fingerprint } = build;
  return {
    ...startRecord(1_000),
    stage: "production",
    mode: { publish: true, why: "the event is push on refs/heads/main and there is an API key" },
    slug: build.slug,
    build,
    release: { id: exampleReleaseId, digest, fingerprint, outcome: "created" },
    deployments: new Map([
      [
        "dev-1",
        { cluster: "dev-1", stage: "dev", before: undefined, after: exampleReleaseId, outcome: "deployed" },
      ],
      [
        "prod-1",
        {
          cluster: "prod-1",
          stage: "production",
          before: exampleReleaseId,
          after: exampleReleaseId,
          outcome: "unchanged",
        },
      ],
    ]),
    endedAtMs: 3_500,
    ...changes,
  };
}
