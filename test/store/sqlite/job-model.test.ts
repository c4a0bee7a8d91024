/** `SEQUENCES=100000 SEED=1 node --test test/store/sqlite/job-model.test.ts` soaks. */
import { randomBytes } from "node:crypto";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import { createMemoryFolder } from "../../support/memory-folder.ts";
import { jobModelContract } from "../job-model-contract.ts";

jobModelContract(async (clock) => {
  // What a power cut does is tested elsewhere; waiting for a disk sixty thousand times shows nothing here.
  const folder = await createMemoryFolder();
  return {
    open: () => openSqliteStore({ dataFolder: folder.path, clock, random: randomBytes, role: "server" }),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}, 1_000);
