import { messageOf } from "../../errors.ts";
import { monotonicMs } from "../../monotonic-clock.ts";
import { type BuildCache, cacheLimitMs, createBuildCache } from "./build-cache.ts";
import type { EntryStore } from "./entry-store.ts";
import type { CacheMiss } from "./miss.ts";
import { pythonIdentity } from "./python-identity.ts";
import { type CacheSecret, openSecret, secretOfApiKey, secretOfMachine } from "./secret.ts";
import { createTimeBudget } from "./time-budget.ts";

/** Whether builds are looked for in the cache and kept there, and in whose name. */
export type CachePlan =
  | { readonly kind: "on"; readonly apiKey: string | undefined }
  | { readonly kind: "off"; readonly miss: CacheMiss };

/** On a laptop: some hundred builds of usual projects. */
const localLimitBytes = 512 * 1024 * 1024;

/** GitHub's cache, one for the whole run. Without an API key its entries prove no origin. */
export async function openActionsCache(
  plan: CachePlan,
  env: NodeJS.ProcessEnv,
): Promise<BuildCache | CacheMiss> {
  if (plan.kind === "off") return plan.miss;
  const { createActionsStore } = await import("./actions-store.ts");
  const secret = plan.apiKey === undefined ? openSecret() : secretOfApiKey(plan.apiKey);
  return createOver(createActionsStore(env), secret, env);
}

/** A folder of the user's, which nobody else can write to. */
export async function openLocalCache(
  plan: CachePlan,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<BuildCache | CacheMiss> {
  if (plan.kind === "off") return plan.miss;
  const { createLocalStore, machineSecret } = await import("./local-store.ts");
  try {
    const secret =
      plan.apiKey === undefined ? secretOfMachine(await machineSecret(folder)) : secretOfApiKey(plan.apiKey);
    return createOver(createLocalStore(folder, localLimitBytes), secret, env);
  } catch (error) {
    return { kind: "failed", message: messageOf(error) };
  }
}

function createOver(store: EntryStore, secret: CacheSecret, env: NodeJS.ProcessEnv): BuildCache {
  let python: string | undefined;
  return createBuildCache({
    store,
    secret,
    budget: createTimeBudget(cacheLimitMs, monotonicMs),
    python: () => {
      python ??= pythonIdentity(env);
      return python;
    },
    now: Date.now,
  });
}
