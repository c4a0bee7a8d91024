/** How many clusters a control plane has: URL PROTOCOL, for tests that give Node roots by its environment. */
import { argv, env, exit } from "node:process";
import { createApiClient } from "../../src/api/client.ts";

const [url, protocol] = argv.slice(2);
if (url === undefined || (protocol !== "connect" && protocol !== "grpc")) exit(2);
const retryPolicy = { attempts: 1, firstDelayMs: 0, delayFactor: 1, maxDelayMs: 0, totalMs: 0 };
using api = await createApiClient({ url, apiKey: env.TILEBOX_API_KEY, protocol, env: {}, retryPolicy });
console.log((await api.workflows.listClusters({})).clusters.length);
