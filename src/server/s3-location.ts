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
  const path = decoded(url.pathname)?.replace(/^\/+|\/+$/g, "");
  const endpoint = url.searchParams.get("endpoint") ?? undefined;
  if (path === undefined || (endpoint !== undefined && !isHttp(endpoint))) return undefined;
  return {
    bucket: url.hostname,
    prefix: path === "" ? "" : `${path}/`,
    endpoint,
    region: url.searchParams.get("region") ?? undefined,
  };
}

/** Undefined for a percent sign that begins no byte of UTF-8. */
function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function isHttp(endpoint: string): boolean {
  return URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol);
}
