/** Twenty projects in one run, one of them broken; then the same again, repaired. The tests are one history, in order. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type ActionRun, runAction } from "../support/action-runner.ts";
import { pushEvent } from "../support/github-events.ts";
import { lockProject } from "../support/python-lock.ts";
import { createScratchProject, type ScratchProject } from "../support/scratch-project.ts";
import { type SeededControlPlane, seedControlPlane } from "../support/seeded-control-plane.ts";

const names = Array.from({ length: 20 }, (_, index) => `flow-${String(index + 1).padStart(2, "0")}`);
const broken = "flow-07";

const resources = new AsyncDisposableStack();
let project: ScratchProject;
let controlPlane: SeededControlPlane;
let firstReleases: Record<string, string> = {};

before(async () => {
  controlPlane = resources.use(await seedControlPlane({ workflows: names, clusters: ["flows-dev"] }));
  // Its own files are of no interest: the repository is.
  project = resources.use(await createScratchProject("tiles", { "tilebox.workflow.toml": null }));
  const pyproject = await readFile(join(project.folder, "pyproject.toml"), "utf8");
  for (const name of names) {
    await project.edit({
      [`flows/${name}/pyproject.toml`]: pyproject,
      [`flows/${name}/tilebox.workflow.toml`]: `[workflow]\nslug = "${name}"\nrunner = "flow:runner"\n[build]\ninclude = ["*.py", "pyproject.toml", "uv.lock"]\n`,
      [`flows/${name}/flow.py`]: flow(name, name === broken ? "import nowhere" : ""),
    });
    await lockProject(join(project.folder, "flows", name));
  }
  await project.commit();
});
after(() => resources.disposeAsync());

function flow(name: string, extra = ""): string {
  return [
    "from tilebox.workflows import ExecutionContext, Runner, Task",
    extra,
    "class Step(Task):",
    "    @staticmethod",
    "    def identifier():",
    `        return "${name}/Step", "v1.0"`,
    "    def execute(self, context: ExecutionContext) -> None:",
    "        pass",
    "runner = Runner(tasks=[Step])",
    "",
  ].join("\n");
}

async function push(entries = "flows/*"): Promise<ActionRun> {
  return await runAction({
    workspace: project.folder,
    event: pushEvent(await project.git("rev-parse", "HEAD")),
    inputs: {
      project: entries,
      "api-url": controlPlane.url,
      "api-key": controlPlane.apiKey,
      "dev-cluster": "flows-dev",
    },
  });
}

interface Entry {
  readonly path: string;
  readonly "workflow-slug": string;
  readonly "release-id": string;
  readonly published: string;
  readonly "failure-reason": string;
}
const entriesOf = (run: ActionRun): Entry[] => JSON.parse(run.outputs.projects ?? "");

test("one broken project fails the run and hides nothing of the nineteen others", async () => {
  await using run = await push();
  assert.equal(run.exitCode, 1, run.log);
  const entries = entriesOf(run);
  assert.deepEqual(
    entries.map(({ path }) => path),
    names.map((name) => `flows/${name}`),
  );
  for (const entry of entries) {
    const failed = entry["workflow-slug"] === broken;
    assert.equal(entry.published, failed ? "skipped" : "created", JSON.stringify(entry));
    assert.equal(entry["failure-reason"], failed ? "dependency-missing" : "", JSON.stringify(entry));
  }
  firstReleases = Object.fromEntries(entries.map((entry) => [entry["workflow-slug"], entry["release-id"]]));
  assert.equal(run.outputs["failure-reason"], "dependency-missing");
  assert.equal(run.outputs.changed, "true");
  assert.match(run.summary, /^## ❌ 1 of 20 projects failed$/m);
  for (const name of names) {
    assert.equal((await controlPlane.deployed(name))["flows-dev"], firstReleases[name] || undefined);
  }
  assertGrouped(run);
});

test("the second run builds what differs: what was repaired and what was edited", async () => {
  await project.edit({
    [`flows/${broken}/flow.py`]: flow(broken),
    "flows/flow-03/flow.py": (text) => `${text}\n# another line\n`,
  });
  await project.commit();
  await using run = await push();
  assert.equal(run.exitCode, 0, run.log);
  const created = entriesOf(run).filter(({ published }) => published === "created");
  assert.deepEqual(
    created.map((entry) => entry["workflow-slug"]),
    ["flow-03", broken],
  );
  for (const entry of entriesOf(run).filter(({ published }) => published === "reused")) {
    assert.equal(entry["release-id"], firstReleases[entry["workflow-slug"]]);
  }
  assert.equal(run.log.match(/^Starting the worker/gm)?.length, 2);
  assert.equal(run.log.match(/^reused: same content as release/gm)?.length, 18);
  assert.match(run.log, /^rebuilt: 1 file changed since release \S+: flow\.py$/m);
  assert.match(run.summary, /^## ✅ 20 projects: 2 published, 18 unchanged$/m);
  assertGrouped(run);
});

test("two projects with one slug, and a glob that matches nothing", async () => {
  await using twice = await push("flows/flow-01\nflows/flow-01/../flow-02\nflows/flow-0[12]");
  assert.equal(entriesOf(twice).length, 2, "one place has one entry, however it is written");
  await project.edit({
    "flows/flow-02/tilebox.workflow.toml": (text) => text.replace("flow-02", "flow-01"),
  });
  await using same = await push("flows/flow-0[12]");
  assert.equal(same.exitCode, 2, same.log);
  assert.deepEqual(
    entriesOf(same).map((entry) => entry["failure-reason"]),
    ["", "config-invalid"],
  );
  await using nothing = await push("flows/*\nflow/*");
  assert.equal(nothing.outputs["failure-reason"], "input-invalid");
  assert.match(nothing.log, /project: "flow\/\*" matches no folder/);
});

/** Between the title of a project and the end of its group stands nothing of another project. */
function assertGrouped(run: ActionRun): void {
  const groups = run.log.split(/^::group::/m).slice(1);
  assert.equal(groups.length, names.length);
  for (const group of groups) {
    const [title = ""] = group.split("\n");
    const own = names.filter((name) => title.startsWith(`flows/${name}:`));
    assert.equal(own.length, 1, title);
    const content = group.split(/^::endgroup::/m)[0] ?? "";
    const others = names.filter((name) => name !== own[0] && content.includes(name));
    assert.deepEqual(others, [], content);
  }
}
