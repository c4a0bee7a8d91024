/** Runs as a person meets them, to look at what is shown of each. */
import { SystemError, UserError } from "../../src/errors.ts";
import { planDeployment } from "../../src/release/deploy-plan.ts";
import type { GateResult } from "../../src/release/gates/gate.ts";
import { judgePromotion } from "../../src/release/promotion.ts";
import { type CommentPart, renderComment, withParts } from "../../src/report/github/comment-text.ts";
import { type RunRecord, recordFailure, startRecord } from "../../src/report/record.ts";
import { sectionsOf } from "../../src/report/sections/sections.ts";
import { headline } from "../../src/report/verdict.ts";
import { exampleBuild } from "./run-records.ts";

const helpUrl = "https://github.com/your-org/workflow-release";
const newRelease = "019acba6-f5fa-7e90-8106-5d0c1f6c2b41";
const oldRelease = "019ac2d1-03b7-7c44-9a70-e2f3a4b81d02";
const commit = "4f1c2ab8d9e07a6355b1c0f2de98a7b64c31e5d0";
const runUrl = "https://github.com/acme/tiles/actions/runs/4242/attempts/1";
const push = { publish: true, why: "the event is push on refs/heads/main and there is an API key" };
const pullRequest = { publish: false, why: "the event is pull_request" };

function build(slug = "tiles") {
  const module = slug.replaceAll("-", "_");
  return exampleBuild({
    slug,
    entrypoint: { kind: "runner", objectPath: `${module}.runner:runner` },
    digest: "8c1f03a2d6b94e7750a1c3d2e4f5968b7a0c1d2e3f405162738495a6b7c8d9e0",
    fingerprint: "27d4e1b0935a6c8f1e2d3c4b5a69788796a5b4c3d2e1f0011223344556677889",
    tasks: [
      { name: `${slug}.FetchScenes`, version: "v1.2" },
      { name: `${slug}.Mosaic`, version: "v1.0" },
      { name: `${slug}.Publish`, version: "v0.3" },
    ],
    manifest: [
      { kind: "file", path: "pyproject.toml", mode: 0o644, sizeBytes: 612, sha256: "1".repeat(64) },
      { kind: "file", path: "uv.lock", mode: 0o644, sizeBytes: 48_213, sha256: "2".repeat(64) },
      { kind: "file", path: `${module}/__init__.py`, mode: 0o644, sizeBytes: 0, sha256: "3".repeat(64) },
      { kind: "file", path: `${module}/mosaic.py`, mode: 0o644, sizeBytes: 7_431, sha256: "4".repeat(64) },
      { kind: "file", path: `${module}/runner.py`, mode: 0o644, sizeBytes: 1_204, sha256: "5".repeat(64) },
    ],
    archive: { path: `/out/${slug}.tar.zst`, sha256: "a".repeat(64), sizeBytes: 19_842 },
    measured: { tarSizeBytes: 71_680, packMs: 14, discoverMs: 1_840 },
  });
}

function rolledOut(
  record: RunRecord,
  outcomes: Readonly<Record<string, "deployed" | "unchanged" | "planned">>,
) {
  const release = { id: newRelease, fingerprint: "", digest: "" };
  const before = { id: oldRelease, fingerprint: "", digest: "" };
  const had = new Map(
    Object.entries(outcomes).map(([cluster, outcome]) => [
      cluster,
      outcome === "unchanged" ? release : before,
    ]),
  );
  record.plan = planDeployment(
    { dev: [clusters.dev], production: [clusters.production] },
    had,
    () => release,
  );
  for (const { cluster, stage, before: earlier } of record.plan) {
    const outcome = outcomes[cluster] ?? "planned";
    const after = outcome === "planned" ? earlier?.id : newRelease;
    record.deployments.set(cluster, { cluster, stage, before: earlier?.id, after, outcome });
  }
  return record;
}

const clusters = { dev: "dev-ESugE7S4cwADVK", production: "production-3NvxKqvJ8qWc2M" };

/** What the gates ready and smoke say of a cluster on which all is well. */
function passed(stage: GateResult["stage"]): GateResult[] {
  const common = {
    cluster: clusters[stage],
    stage,
    outcome: "passed",
    problems: [],
    jobs: [],
    atMs: 0,
  } as const;
  return [
    { ...common, gate: "ready", message: "loaded by runner 019ac9e0 (worker-1)", tookMs: 3_310 },
    {
      ...common,
      gate: "smoke",
      message: "job 019acba7-1c40-7d21-b5f3-7d9e01a2c3b4 completed: 7 tasks in 1.9 s",
      tookMs: 2_140,
    },
  ];
}

function promoted(): RunRecord {
  const run = rolledOut(record({ ...reused(), gates: passed("production") }), {
    [clusters.dev]: "unchanged",
    [clusters.production]: "deployed",
  });
  run.plan = run.plan?.filter(({ stage }) => stage === "production") ?? [];
  run.deployments.delete(clusters.dev);
  const deployment = {
    workflow: "tiles",
    cluster: clusters.dev,
    release: newRelease,
    commit,
    run: { id: 4241, attempt: 1, url: runUrl },
    atMs: -86_400_000,
    outcome: "succeeded",
    plannedGates: ["ready", "smoke"],
    gates: passed("dev").toReversed(),
  } as const;
  const evidence = { cluster: clusters.dev, deployed: { id: newRelease }, record: deployment };
  run.promotion = judgePromotion({ id: newRelease, workflow: "tiles" }, [evidence], []);
  return run;
}

/** Production does not load the release, and both clusters get back what they had. */
function rolledBack(): RunRecord {
  const failed: GateResult = {
    cluster: clusters.production,
    stage: "production",
    gate: "ready",
    outcome: "failed",
    reason: "no-runner",
    message: "waited for 5 min 0 s",
    problems: [],
    jobs: [],
    tookMs: 300_000,
    atMs: 0,
  };
  const run = rolledOut(record({ ...rebuilt(), gates: [...passed("dev"), failed] }), {
    [clusters.dev]: "deployed",
    [clusters.production]: "deployed",
  });
  for (const [cluster, outcome] of run.deployments) {
    run.deployments.set(cluster, { ...outcome, after: oldRelease, outcome: "restored" });
  }
  run.rollback = { because: "gate-failed" };
  recordFailure(
    run,
    new UserError("gate-failed", `The gate ready failed on ${clusters.production}: no runner on cluster`, {
      next: "Start a runner there: workflow-release runner --cluster production-3NvxKqvJ8qWc2M.",
    }),
  );
  return run;
}

function record(changes: Partial<RunRecord>): RunRecord {
  return { ...startRecord(0, helpUrl), slug: "tiles", projectPath: "projects/tiles", ...changes };
}

function released(outcome: "created" | "reused"): NonNullable<RunRecord["release"]> {
  const { digest, fingerprint } = build();
  return { id: newRelease, digest, fingerprint, outcome, publishedAtMs: -3 * 86_400_000 };
}

/** A run that found the release with its content, and built nothing. */
function reused(): Partial<RunRecord> {
  const release = released("reused");
  return { stage: "production", mode: push, content: build(), release, origin: { kind: "release", release } };
}

function rebuilt(): Partial<RunRecord> {
  const changes = {
    added: ["tiles/mosaic.py"],
    changed: ["tiles/runner.py", "uv.lock"],
    removed: [],
    since: { kind: "release", id: oldRelease },
  } as const;
  return {
    stage: "production",
    mode: push,
    build: build(),
    release: released("created"),
    origin: { kind: "built", miss: { kind: "switched-off" }, changes },
  };
}

function failedCheck(): RunRecord {
  const failed = record({ stage: "build", mode: pullRequest, projectPath: "projects/roads", slug: "roads" });
  recordFailure(
    failed,
    new UserError("file-left-out", "The worker does not start: roads/geometry.py is not in the artifact", {
      problems: [
        {
          message: "No module named 'roads.geometry'",
          file: "projects/roads/roads/runner.py",
          line: 3,
        },
        {
          message: "[build] include has no pattern for roads/geometry.py",
          file: "projects/roads/tilebox.workflow.toml",
          line: 6,
          hint: 'include = ["roads/**/*.py"]',
        },
      ],
      cause: new Error("ModuleNotFoundError: No module named 'roads.geometry'"),
    }),
  );
  return failed;
}

/** What stands in a job's summary, by the name of the run. */
export function exampleSummaries(): Readonly<Record<string, RunRecord>> {
  const interrupted = rolledOut(record(rebuilt()), {
    [clusters.dev]: "deployed",
    [clusters.production]: "planned",
  });
  recordFailure(interrupted, new SystemError("interrupted", "The run was cancelled (SIGINT)"));
  return {
    success: rolledOut(record({ ...rebuilt(), gates: [...passed("dev"), ...passed("production")] }), {
      [clusters.dev]: "deployed",
      [clusters.production]: "deployed",
    }),
    reuse: rolledOut(record(reused()), {
      [clusters.dev]: "unchanged",
      [clusters.production]: "unchanged",
    }),
    promotion: promoted(),
    "rolled-back": rolledBack(),
    cancelled: interrupted,
    failure: failedCheck(),
    check: record({ stage: "build", mode: pullRequest, build: build() }),
  };
}

function partOf(run: RunRecord): CommentPart {
  return {
    key: run.projectPath ?? "",
    commit,
    failed: run.failure !== undefined,
    title: run.failure === undefined ? headline(run) : `${headline(run)} (<code>${run.slug}</code>)`,
    runUrl,
    sections: sectionsOf(run),
    leftOut: [],
  };
}

/** Comments on pull requests, by what they show. */
export function exampleComments(): Readonly<Record<string, string>> {
  const check = (slug: string) =>
    record({
      stage: "build",
      mode: pullRequest,
      build: build(slug),
      slug,
      projectPath: `projects/${slug}`,
      notices:
        slug === "water"
          ? ["water/cache.json is tracked by git and ignored by .gitignore: it stays out"]
          : [],
    });
  const parts = [check("tiles"), check("water"), failedCheck()].map(partOf);
  return {
    one: renderComment(withParts(undefined, [partOf(check("tiles"))]).state),
    matrix: renderComment(withParts(undefined, parts).state),
  };
}
