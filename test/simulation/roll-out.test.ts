/**
 * Roll-outs over a network that fails, by seed. WORKFLOW_RELEASE_SEEDS=COUNT tries more of them than a run of the
 * tests, WORKFLOW_RELEASE_FIRST_SEED=SEED begins elsewhere.
 */
import assert from "node:assert/strict";
import { it } from "node:test";
import { type Ending, simulate } from "./world.ts";

const first = Number(process.env.WORKFLOW_RELEASE_FIRST_SEED ?? 1);
const count = Number(process.env.WORKFLOW_RELEASE_SEEDS ?? 1_000);
/** Each of these is run twice. */
const repeatedEvery = 50;

it(`${count} seeds end with old, new, or a reported partial state`, async () => {
  // What is loaded when it is first called is loaded now, so that every seed takes the same turns.
  for (let seed = 0; seed < 30; seed++) await simulate(seed);
  const broken: string[] = [];
  for (let seed = first; seed < first + count; seed++) {
    const ending = await simulate(seed);
    const problems = problemsOf(ending);
    if (problems.length > 0) broken.push(`seed ${seed}: ${problems.join("; ")}\n${ending.log}`);
    if (seed % repeatedEvery === 0)
      assert.equal((await simulate(seed)).log, ending.log, `seed ${seed}, twice`);
  }
  assert.equal(broken.length, 0, broken.slice(0, 3).join("\n\n"));
});

function problemsOf(ending: Ending): string[] {
  const { record, failure, names, now, before, taken, thirdAtMs, readAtMs, onFailure } = ending;
  const problems = taken.map((cluster) => `${cluster}: somebody else's release was taken away`);
  if (ending.planeFailures.length > 0) problems.push("the control plane failed");
  const outcomes = [...record.deployments.values()];
  for (const { cluster, outcome, after } of outcomes) {
    const has = names.get(now.get(cluster));
    const claim = (id: string | undefined) => {
      const isLater = (thirdAtMs.get(cluster) ?? -1) >= (readAtMs.get(cluster) ?? 0) - 50;
      // A gate that finds somebody else's release says so.
      const isSaid = record.gates.some(
        (gate) => gate.cluster === cluster && gate.reason === "release-replaced",
      );
      if (now.get(cluster) !== id && !((isLater || isSaid) && has === "other"))
        problems.push(`${cluster}: ${outcome} claims ${names.get(id)}, but it has ${has}`);
    };
    if (failure === undefined && outcome !== "deployed" && outcome !== "unchanged")
      problems.push(`${cluster}: success claims ${outcome}`);
    switch (outcome) {
      case "deployed":
      case "unchanged":
        if (outcome === "deployed" && failure !== undefined && onFailure === "rollback")
          problems.push(`${cluster}: was not given back`);
        claim(record.release?.id);
        break;
      case "planned":
        if (!thirdAtMs.has(cluster)) claim(before.get(cluster));
        break;
      case "failed":
      case "restored":
        claim(before.get(cluster));
        break;
      case "taken-over":
        claim(after);
        break;
      case "not-restored":
      case "unknown":
        if (has === undefined) problems.push(`${cluster}: has something nobody knows`);
        if (
          failure?.code === "rollback-incomplete" &&
          !failure.problems.some(({ message }) => message.startsWith(`${cluster}:`))
        )
          problems.push(`${cluster}: is not listed`);
        if (outcome === "not-restored" && failure?.code !== "rollback-incomplete")
          problems.push(`${cluster}: fails with ${failure?.code}`);
    }
  }
  return problems;
}
