import { type CacheKey, describeKey, type KeyDifference, shortPart } from "./key.ts";

/** Why nothing was taken from the cache: a closed set, so that each has its words. */
export type CacheMiss =
  /** Not asked */
  | { readonly kind: "switched-off" }
  | {
      readonly kind: "event";
      readonly event: "tag push" | "release" | "pull_request_target" | "workflow_run";
    }
  | { readonly kind: "no-credentials" }
  | { readonly kind: "unlocked" }
  | { readonly kind: "no-service" }
  | { readonly kind: "not-readable"; readonly mode: string }
  | { readonly kind: "time-spent" }
  /** Asked, and not answered */
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "timed-out"; readonly limitMs: number }
  /** Answered, without an entry */
  | { readonly kind: "absent"; readonly key: CacheKey }
  /** Answered with what is refused */
  | { readonly kind: "other-name" }
  | { readonly kind: "too-large"; readonly limitBytes: number }
  | { readonly kind: "not-an-entry"; readonly what: string }
  | { readonly kind: "unauthenticated" }
  | { readonly kind: "foreign"; readonly differences: readonly KeyDifference[] }
  | { readonly kind: "archive"; readonly message: string };

/** One clause for a log. Text from a cache service is in it: show it as untrusted. */
export function missText(miss: CacheMiss): string {
  switch (miss.kind) {
    case "switched-off":
      return "cache not read: it is switched off";
    case "event":
      return `cache not read: ${miss.event}`;
    case "no-credentials":
      return "cache not read: a run that publishes without an API key trusts no entry";
    case "unlocked":
      return "cache not read: without uv.lock in the artifact the dependencies may be others each time";
    case "no-service":
      return "cache not read: there is no cache service here";
    case "not-readable":
      return `cache not read: the runner's cache mode is ${miss.mode}`;
    case "time-spent":
      return "cache not read: its time for this run is spent";
    case "failed":
      return `cache not read: ${miss.message}`;
    case "timed-out":
      return `cache not read: it did not answer within ${miss.limitMs / 1000} s`;
    case "absent":
      return `not in the cache: ${describeKey(miss.key)}`;
    case "other-name":
      return "cache entry refused: the service answered with the entry of another key";
    case "too-large":
      return `cache entry refused: it has more than ${miss.limitBytes} bytes`;
    case "not-an-entry":
      return `cache entry refused: it is not an entry (${miss.what})`;
    case "unauthenticated":
      return "cache entry refused: it is damaged, or not from a run with these credentials";
    case "foreign":
      return `cache entry refused: it is of another build (${miss.differences.map(differenceText).join("; ")})`;
    case "archive":
      return `cache entry refused: ${miss.message}`;
  }
}

function differenceText({ part, there, here }: KeyDifference): string {
  return `${part} ${shortPart(there)} there, ${shortPart(here)} here`;
}
