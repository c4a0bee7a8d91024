/** A repository's history, pushed commit by commit: the releases are exactly the contents that there were. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runAction } from "../support/action-runner.ts";
import { pushEvent } from "../support/github-events.ts";
import { createScratchProject, type Edits } from "../support/scratch-project.ts";
import { seedControlPlane } from "../support/seeded-control-plane.ts";

const palette = (colour: string) => `{"water": "${colour}", "forest": "#2a6"}\n`;

/** What each commit changes, and the name of the content that it leads to. */
const commits: readonly (readonly [content: string, changes: string, edits: Edits])[] = [
  ["a", "the first commit", { "palette.json": palette("#00f") }],
  ["a", "a file that no pattern includes", { "NOTES.md": "Nothing of it is packed.\n" }],
  ["b", "a packed file", { "palette.json": palette("#00e") }],
  ["a", "the packed file back", { "palette.json": palette("#00f") }],
  ["c", "the tasks' module", { "tiles.py": (text) => `${text}\n# Reviewed\n` }],
  ["c", "nothing", {}],
  [
    "c",
    "where to deploy to",
    { "tilebox.workflow.toml": (text) => `${text}\n[targets.more]\nclusters = ["elsewhere"]\n` },
  ],
  ["d", "another module", { "more.py": "MORE = True\n" }],
];

test("eight commits with four contents are four releases, each found again by its content", async () => {
  await using controlPlane = await seedControlPlane({ workflows: ["tiles"], clusters: ["tiles-dev"] });
  await using project = await createScratchProject("tiles");
  const releaseOf = new Map<string, string>();
  for (const [content, changes, edits] of commits) {
    await project.edit(edits);
    const commit = await project.commit(`Change ${changes}`);
    await using run = await runAction({
      workspace: project.folder,
      event: pushEvent(commit),
      inputs: {
        "api-url": controlPlane.url,
        "api-key": controlPlane.apiKey,
        "dev-cluster": "tiles-dev",
      },
    });
    assert.equal(run.exitCode, 0, run.log);
    const known = releaseOf.get(content);
    assert.equal(run.outputs.published, known === undefined ? "created" : "reused", changes);
    const release = run.outputs["release-id"] ?? "";
    if (known !== undefined) assert.equal(release, known, changes);
    releaseOf.set(content, release);
    assert.deepEqual(await controlPlane.deployed("tiles"), { "tiles-dev": release }, changes);
  }
  assert.deepEqual(await controlPlane.releases("tiles"), [...releaseOf.values()].sort());
});
