import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseId } from "../../src/engine/id.ts";
import { errorOf } from "../support/errors.ts";
import type { OpenStore } from "./contract.ts";
import { addArtifact, sha256 } from "./samples.ts";

export function keyAndArtifactContract(open: OpenStore): void {
  describe("API keys", () => {
    test("a key is found by its secret's hash until it is revoked", async () => {
      await using under = await open();
      const { keys } = under.store;
      const added = await keys.addKey({ name: "ci", role: "admin", secretSha256: sha256("secret") });
      assert.deepEqual(await keys.findKey(sha256("secret")), added);
      assert.equal(added.createdAtMs, under.clock());
      assert.equal(await keys.findKey(sha256("other")), undefined);

      under.advanceMs(1_000);
      const revoked = await keys.revokeKey("ci");
      assert.equal(revoked.revokedAtMs, under.clock());
      assert.equal(await keys.findKey(sha256("secret")), undefined);
      under.advanceMs(1_000);
      assert.deepEqual(await keys.revokeKey("ci"), revoked, "the first revocation stands");
    });

    test("names are given once, and listed oldest first with their roles", async () => {
      await using under = await open();
      const { keys } = under.store;
      await keys.addKey({ name: "ci", role: "admin", secretSha256: sha256("1") });
      under.advanceMs(1);
      await keys.addKey({ name: "batch", role: "runner", secretSha256: sha256("2") });
      await keys.revokeKey("ci");
      const again = keys.addKey({ name: "ci", role: "admin", secretSha256: sha256("3") });
      await assert.rejects(again, errorOf("already-exists", /"ci"/));
      const listed = (await keys.listKeys()).map(({ name, role }) => [name, role]);
      assert.deepEqual(listed, [
        ["ci", "admin"],
        ["batch", "runner"],
      ]);
      await assert.rejects(keys.revokeKey("unknown"), errorOf("key-not-found", /"unknown"/));
    });
  });

  describe("artifacts", () => {
    test("are found by id and by digest", async () => {
      await using under = await open();
      const { artifacts } = under.store;
      const artifact = await addArtifact(under.store, "a");
      assert.deepEqual(await artifacts.findArtifact({ id: artifact.id }), artifact);
      assert.deepEqual(await artifacts.findArtifact({ digest: artifact.digest }), artifact);
      assert.equal(await artifacts.findArtifact({ digest: sha256("other") }), undefined);
      const unknown = parseId<"artifact">("01890000-0000-7000-8000-000000000001");
      assert.ok(unknown);
      assert.equal(await artifacts.findArtifact({ id: unknown }), undefined);
    });

    test("a known digest keeps its first record, also when two arrive at once", async () => {
      await using under = await open();
      const [first, second] = await Promise.all([
        addArtifact(under.store, "a"),
        under.store.artifacts.addArtifact({
          digest: sha256("tar a"),
          tarSizeBytes: 4096,
          fileCount: 2,
          archiveSha256: sha256("compressed by another zstd"),
          archiveSizeBytes: 500,
        }),
      ]);
      assert.deepEqual(second, first);
    });

    test("the first task contract of a fingerprint stands", async () => {
      await using under = await open();
      const { artifacts } = under.store;
      const fingerprint = sha256("content");
      assert.equal(await artifacts.findContract(fingerprint), undefined);
      await artifacts.addContract({ fingerprint, json: "1" });
      await artifacts.addContract({ fingerprint, json: "2" });
      assert.equal(await artifacts.findContract(fingerprint), "1");
    });
  });
}
