import type { ApiTarget } from "../api/target.ts";
import type { Environment } from "../worker/environment.ts";

/** The hosted service's address, used when neither the input nor TILEBOX_API_URL names another. */
export const hostedApiUrl = "https://api.tilebox.com";

/** Where the control plane is: the inputs first, then the variables that the official SDK reads. */
export function readApiTarget(env: Environment): ApiTarget {
  const given = (...values: (string | undefined)[]) =>
    values.map((value) => value?.trim()).find((value) => value);
  return {
    url: given(env["INPUT_API-URL"], env.TILEBOX_API_URL) ?? hostedApiUrl,
    apiKey: given(env["INPUT_API-KEY"], env.TILEBOX_API_KEY),
  };
}
