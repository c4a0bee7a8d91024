import type { Log } from "../../log.ts";
import type { ReleaseApi } from "../release-api.ts";
import { createEndpointPublisher } from "./artifact-endpoint.ts";
import type { Publisher } from "./publisher.ts";

export interface PublisherOptions {
  /** Where the server is, and the key that it takes. */
  readonly target: { readonly url: string; readonly apiKey: string | undefined };
  /** Absolute: the folder that has tilebox.workflow.toml. */
  readonly projectFolder: string;
  /** Of what the project's files are now. */
  readonly digestNow: () => Promise<string>;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/**
 * Asks the server what it offers: its own artifact endpoint is used where it has one, the official CLI where not.
 * @throws ReleaseError where the server cannot be asked; that of finding the CLI
 */
export async function choosePublisher(api: ReleaseApi, options: PublisherOptions): Promise<Publisher> {
  if (await api.hasArtifactEndpoint(options.signal)) {
    return createEndpointPublisher(api, options);
  }
  const { createCliPublisher } = await import("./official-cli.ts");
  return await createCliPublisher(options);
}
