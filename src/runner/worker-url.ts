import { parseApiUrl } from "../api/url.ts";

/** The control plane's address as the SDK takes it: with a scheme, without a path, for http with a port in any case. */
export function workerUrl(apiUrl: string): string {
  const { origin } = parseApiUrl(apiUrl);
  return /^http:\/\/(?:[^:[\]]+|\[[^\]]+\])$/.test(origin) ? `${origin}:80` : origin;
}
