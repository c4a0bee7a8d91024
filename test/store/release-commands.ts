/** What changes the releases of a cluster while jobs run there, and the runner that runs what is deployed. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { TaskIdentifier } from "../../src/engine/task-identifier.ts";
import type { Offered } from "../engine/job-model.ts";
import type { LifeCommand } from "./job-commands.ts";
import type { Action, ReleaseModel } from "./release-model.ts";

type Identifiers = Offered["identifiers"];

/** Each has a newer minor version of what the one before has; the last one drops a task for a major version. */
const contents: Readonly<Record<string, Identifiers>> = {
  first: [{ kind: "K", major: 1, minor: 1 }],
  second: [
    { kind: "K", major: 1, minor: 2 },
    { kind: "L", major: 1, minor: 2 },
  ],
  third: [
    { kind: "K", major: 2, minor: 2 },
    { kind: "L", major: 1, minor: 3 },
  ],
};
const clusters = ["a", "b"];
const workflows = ["greetings", "alerts"];

export function tasksOfRelease(release: string): readonly TaskIdentifier[] {
  return (contents[release] ?? []).map(({ kind, major, minor }) => ({
    name: kind,
    version: `v${major}.${minor}`,
  }));
}

/** What is there before the first command. */
export const firstActions: readonly Action[] = [
  ...clusters.map((cluster) => ({ kind: "create-cluster", cluster }) as const),
  ...workflows.map((workflow) => ({ kind: "create-workflow", workflow }) as const),
];

/** What one release alone can run, of what is deployed: tasks that two workflows share nobody asks for. */
function offerOn({ workflows: all }: ReleaseModel, cluster: string): Offered {
  const deployed = [...all.values()].map((workflow) => contents[workflow.deployed.get(cluster) ?? ""] ?? []);
  const identifiers = deployed.flatMap((own, index) =>
    own.filter(
      ({ kind, major }) =>
        !deployed.some(
          (other, place) => place !== index && other.some((it) => it.kind === kind && it.major === major),
        ),
    ),
  );
  return { cluster, identifiers };
}

const action = <A extends Action>(actions: fc.Arbitrary<A>): fc.Arbitrary<LifeCommand> =>
  actions.map((chosen) => ({
    check: () => true,
    async run(model, real) {
      assert.equal(await real.releases.apply(chosen), model.releases.apply(chosen));
    },
    toString: () => JSON.stringify(chosen),
  }));

const workflow = fc.constantFrom(...workflows);
const release = fc.constantFrom(...Object.keys(contents));
const someClusters = fc.array(fc.constantFrom(...clusters), { minLength: 1, maxLength: 2 });
const kind = <Kind extends string>(value: Kind) => fc.constant(value);

const publish = action(fc.record({ kind: kind("publish"), workflow, release }));
const deploy = action(fc.record({ kind: kind("deploy"), workflow, release, clusters: someClusters }));
const undeploy = action(fc.record({ kind: kind("undeploy"), workflow, release, clusters: someClusters }));

const claimDeployed: fc.Arbitrary<LifeCommand> = fc.constantFrom(...clusters).map((cluster) => ({
  check: () => true,
  async run(model, real) {
    const expected = model.jobs.claim(offerOn(model.releases, cluster), undefined);
    const claimed = await real.jobs.next(undefined, await real.releases.offerOn(cluster));
    assert.equal(claimed, expected?.name);
    await real.jobs.compareJobs(model.jobs);
  },
  toString: () => `claimDeployed("${cluster}")`,
}));

/** A command that stands here twice comes twice as often. */
export const releaseCommands: fc.Arbitrary<LifeCommand>[] = [
  publish,
  publish,
  deploy,
  deploy,
  deploy,
  undeploy,
  ...Array.from({ length: 4 }, () => claimDeployed),
];
