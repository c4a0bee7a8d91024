import type { Build } from "../../build/build.ts";

/**
 * How a build gets to a server and becomes a release there. The public contract has no call for an artifact's
 * bytes, so there are two ways: the artifact endpoint of our own control plane, and the official CLI.
 */
export interface Publisher {
  /** As it stands in the log. */
  readonly name: string;
  /**
   * Makes the release, or finds the one that the server holds for the same content. Deploys nothing.
   * @throws ReleaseError of the table
   */
  publish(build: Build): Promise<PublishedRecord>;
}

/** What the server's own record of the release has to say for it to be the one that was published. */
export interface PublishedRecord {
  readonly id: string;
  readonly fingerprint: string;
  /** Of the artifact; undefined where the server has an address of its own for these bytes. */
  readonly digest: string | undefined;
}
