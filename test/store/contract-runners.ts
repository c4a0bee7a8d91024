import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { errorOf } from "../support/errors.ts";
import type { OpenStore } from "./contract.ts";
import { identifier } from "./job-samples.ts";
import { cluster, defaultCluster, sha256, slug } from "./samples.ts";

const expiryMs = 30_000;

function report(id: string, cluster = "dev") {
  return {
    id,
    cluster: slug(cluster),
    apiKey: "batch",
    workerKeySha256: sha256(`worker of ${id}`),
    facts: `{"is":"${id}"}`,
  };
}

export function runnerContract(open: OpenStore): void {
  describe("runners", () => {
    test("are listed as they reported last, longest known first, all or those of a cluster", async () => {
      await using under = await open();
      const { runners } = under.store;
      const firstSeenAtMs = under.clock();
      await runners.reportRunner(report("b"), expiryMs);
      under.advanceMs(1);
      await runners.reportRunner(report("a", "prod"), expiryMs);
      await runners.reportRunner({ ...report("b"), facts: "{}" }, expiryMs);
      const [first, second] = await runners.listRunners({ cluster: undefined, expiryMs });
      const { workerKeySha256: _, ...told } = report("b");
      assert.deepEqual(first, { ...told, facts: "{}", firstSeenAtMs, lastSeenAtMs: under.clock() });
      assert.equal(second?.id, "a");
      assert.deepEqual(await runners.listRunners({ cluster: "prod", expiryMs }), [second]);
      assert.deepEqual(await runners.listRunners({ cluster: "elsewhere", expiryMs }), []);
    });

    test("are gone, and their workers' keys with them, when they stop or have not reported for a while", async () => {
      await using under = await open();
      const { runners } = under.store;
      const keyOf = (id: string) => runners.findRunnerKey(sha256(`worker of ${id}`), expiryMs);
      await runners.reportRunner(report("stops"), expiryMs);
      await runners.reportRunner(report("falls silent"), expiryMs);
      assert.deepEqual([await keyOf("stops"), await keyOf("falls silent")], ["batch", "batch"]);
      await runners.removeRunner({ id: "stops", apiKey: "batch" });
      under.advanceMs(expiryMs);
      assert.deepEqual([await keyOf("stops"), await keyOf("falls silent")], [undefined, "batch"]);
      under.advanceMs(1);
      assert.equal(await keyOf("falls silent"), undefined);
      assert.deepEqual(await runners.listRunners({ cluster: undefined, expiryMs }), []);
      const store = await under.reopen();
      await store.runners.reportRunner(report("falls silent"), expiryMs);
      const [again] = await store.runners.listRunners({ cluster: undefined, expiryMs });
      assert.equal(again?.firstSeenAtMs, under.clock(), "it is a new acquaintance");
    });

    test("belong to the API key that they report with, for as long as they are there", async () => {
      await using under = await open();
      const { runners } = under.store;
      const list = () => runners.listRunners({ cluster: undefined, expiryMs });
      await runners.reportRunner(report("mine"), expiryMs);
      const foreign = { ...report("mine"), apiKey: "other", facts: '{"is":"stolen"}' };
      await assert.rejects(
        runners.reportRunner(foreign, expiryMs),
        errorOf("permission-denied", /another API key/),
      );
      await runners.removeRunner({ id: "mine", apiKey: "other" });
      assert.deepEqual(
        (await list()).map(({ apiKey, facts }) => [apiKey, facts]),
        [["batch", '{"is":"mine"}']],
      );
      under.advanceMs(expiryMs + 1);
      await runners.reportRunner(foreign, expiryMs);
      assert.deepEqual(
        (await list()).map(({ apiKey }) => apiKey),
        ["other"],
      );
    });

    test("of one key are so many and no more, which leaves room for other keys'", async () => {
      await using under = await open();
      const { runners } = under.store;
      const made = Array.from({ length: 1_000 }, (_, index) =>
        runners.reportRunner(report(`r${index}`), expiryMs),
      );
      await Promise.all(made);
      await assert.rejects(
        runners.reportRunner(report("one more"), expiryMs),
        errorOf("api-limit", /1000 runners/),
      );
      await runners.reportRunner(report("r7"), expiryMs);
      await runners.reportRunner({ ...report("elsewhere"), apiKey: "other" }, expiryMs);
      await runners.removeRunner({ id: "r7", apiKey: "batch" });
      await runners.reportRunner(report("one more"), expiryMs);
    });

    test("are known by what they offer, to each cluster its own, until nobody says so any more", async () => {
      await using under = await open();
      const { runners } = under.store;
      const [a, b] = [identifier("A"), identifier("B", "v2.1")];
      const dev = { slug: slug("dev"), isDefault: false };
      const first = { slug: slug("first"), isDefault: true };
      const onDev = { cluster: cluster("dev"), identifiers: [a, b] };
      const onDefault = { cluster: defaultCluster, identifiers: [b] };
      await Promise.all([
        runners.noteOffers([onDev, onDefault], expiryMs),
        runners.noteOffers([onDefault, onDev], expiryMs),
      ]);
      assert.deepEqual(await runners.listOffers(dev, expiryMs), [{ identifiers: [a, b] }]);
      assert.deepEqual(await runners.listOffers(first, expiryMs), [{ identifiers: [b] }]);
      under.advanceMs(expiryMs);
      await runners.noteOffers([onDefault], expiryMs);
      under.advanceMs(1);
      assert.deepEqual(await runners.listOffers(dev, expiryMs), []);
      assert.deepEqual(await runners.listOffers(first, expiryMs), [{ identifiers: [b] }]);
    });

    test("make the store hold only so much, however much they offer", async () => {
      await using under = await open();
      const { runners } = under.store;
      const named = (name: string) => ({ cluster: cluster("dev"), identifiers: [identifier(name)] });
      const long = Array.from({ length: 100 }, (_, index) => identifier(`${index} ${"x".repeat(1_000)}`));
      await runners.noteOffers([{ cluster: cluster("long"), identifiers: long }], expiryMs);
      const [kept] = await runners.listOffers({ slug: slug("long"), isDefault: false }, expiryMs);
      assert.deepEqual(kept?.identifiers, long.slice(0, 16));
      const many = (count: number, name: string) =>
        Array.from({ length: count }, (_, index) => named(`${name}${index}`));
      const dev = { slug: slug("dev"), isDefault: false };
      const known = async () => (await runners.listOffers(dev, expiryMs)).length;
      await runners.noteOffers(many(900, "A"), expiryMs);
      under.advanceMs(expiryMs);
      await runners.noteOffers([...many(900, "A"), ...many(300, "B")], expiryMs);
      assert.equal(await known(), 900, "there is no room for more");
      under.advanceMs(1);
      assert.equal(await known(), 900, "and these are there still");
    });
  });
}
