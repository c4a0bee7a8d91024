/** A bucket and what the names in it begin with. */
export interface S3Location {
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
  /** Of a service that is not Amazon's. */
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
}

/**
 * Reads `s3://BUCKET/PREFIX?endpoint=https://HOST&region=NAME`; undefined for anything else. Credentials are
 * not part of it: they come from the environment, a profile or the machine's role, as with every AWS tool.
 */
export function parseS3Location(text: string): S3Location | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "s3:" || url.hostname === "" || url.username !== "") return undefined;
  const parameters = [...url.searchParams.keys()];
  if (!parameters.every((name) => name === "endpoint" || name === "region")) return undefined;
  const path = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, "");
  return {
    bucket: url.hostname,
    prefix: path === "" ? "" : `${path}/`,
    endpoint: url.searchParams.get("endpoint") ?? undefined,
    region: url.searchParams.get("region") ?? undefined,
  };
}
