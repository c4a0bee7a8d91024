/** Two control planes, of which each call reaches the other one: together they must be what one is. */
import { randomBytes } from "node:crypto";
import type { Store } from "../../../src/store/port.ts";
import { openPostgresStore } from "../../../src/store/postgres/store.ts";
import { jobModelContract } from "../job-model-contract.ts";
import { createDatabase, useServer } from "./open-store.ts";

useServer();

jobModelContract(async (clock) => {
  const url = await createDatabase();
  const open = () => openPostgresStore({ url, clock, random: randomBytes, role: "server" });
  return {
    open: async () => alternating(await open(), await open()),
    [Symbol.asyncDispose]: async () => {},
  };
}, 40);

function alternating(first: Store, second: Store): Store {
  let turn = 0;
  const next = () => (turn++ % 2 === 0 ? first : second);
  return {
    get keys() {
      return next().keys;
    },
    get artifacts() {
      return next().artifacts;
    },
    get clusters() {
      return next().clusters;
    },
    get workflows() {
      return next().workflows;
    },
    get releases() {
      return next().releases;
    },
    get jobs() {
      return next().jobs;
    },
    get telemetry() {
      return next().telemetry;
    },
    get runners() {
      return next().runners;
    },
    get retention() {
      return next().retention;
    },
    probe: () => next().probe(),
    pools: () => next().pools(),
    async close() {
      await first.close();
      await second.close();
    },
  };
}
