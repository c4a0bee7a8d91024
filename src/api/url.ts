/** Where a control plane is: checked once, so that nothing later has to wonder where a key goes. */
import { isLoopback } from "../engine/loopback.ts";
import { type Problem, UserError } from "../errors.ts";

export interface ApiUrl {
  /** `https://host[:port]`, or http:// for a loopback host; no path, no trailing slash. */
  readonly origin: string;
  /** `host[:port]`, for messages. */
  readonly host: string;
  /** The machine itself: plain HTTP is allowed, compression does not pay and no proxy is asked. */
  readonly loopback: boolean;
}

/** Throws api-url-invalid, naming everything that is wrong with the text. */
export function parseApiUrl(text: string): ApiUrl {
  const trimmed = text.trim();
  // Without the // a host and its port would read as a scheme and a path.
  if (!/^https?:\/\//i.test(trimmed)) throw invalid(["it must begin with https://"]);
  const url = URL.parse(trimmed);
  if (url === null) throw invalid(["it is not a URL"]);
  const loopback = isLoopback(url.hostname);
  const problems: string[] = [];
  if (url.protocol === "http:" && !loopback) {
    problems.push(`http:// would send the API key to ${url.host} unencrypted`);
  }
  if (url.username !== "" || url.password !== "") {
    problems.push("it holds a user name or password; the API key is passed on its own");
  }
  if (url.pathname !== "/") problems.push(`it has a path (${url.pathname}); only the host is given`);
  if (url.search !== "" || url.hash !== "") problems.push("it has a query or fragment");
  if (problems.length > 0) throw invalid(problems);
  return { origin: url.origin, host: url.host, loopback };
}

/** Never repeats the text itself: whoever put a key into the URL would find it in a log. */
function invalid(reasons: readonly string[]): UserError {
  const problems: Problem[] = reasons.map((message) => ({ message }));
  return new UserError("api-url-invalid", "The control plane's URL cannot be used", { problems });
}
