/**
 * Who calls, and what they may do. One gate for everything that is served: RPCs ask it before a request's
 * body is read, plain HTTP routes before their handler runs.
 */
import { hash } from "node:crypto";
import type { Random } from "../engine/id.ts";
import { UserError } from "../errors.ts";
import type { ApiKey, KeyRole, KeyStore } from "../store/port.ts";

export interface Caller {
  /** The key's name: what the history calls the actor. */
  readonly name: string;
  readonly role: KeyRole;
  /** It has the key that a runner gave its workers. */
  readonly isWorker?: boolean;
}

/** Finds the caller of a request from its Authorization header. Throws unauthenticated. */
export type Authenticate = (authorization: string | undefined) => Promise<Caller>;

/** Finds whose secret has this sha256: a KeyStore's method, or more than one place to look. */
export interface KnownKeys {
  findKey(secretSha256: string): Promise<Caller | undefined>;
}

/**
 * Requests that arrive in one turn of the event loop with one header share a look-up: a busy runner sends
 * several at once. A later turn looks again, so a
 * revoked key is refused from then on.
 */
export function authenticateByKey(keys: KnownKeys): Authenticate {
  const ofThisTurn = new Map<string | undefined, Promise<Caller>>();
  const authenticate = lookUpKey(keys);
  return (authorization) => {
    const known = ofThisTurn.get(authorization);
    if (known !== undefined) return known;
    if (ofThisTurn.size === 0) setImmediate(() => ofThisTurn.clear());
    const caller = authenticate(authorization);
    ofThisTurn.set(authorization, caller);
    return caller;
  };
}

function lookUpKey(keys: KnownKeys): Authenticate {
  return async (authorization) => {
    if (authorization === undefined) {
      throw new UserError("unauthenticated", "No API key was sent (Authorization: Bearer KEY)");
    }
    // RFC 9110 makes the scheme's name case-insensitive.
    const secret = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    const key = secret === undefined ? undefined : await keys.findKey(hashSecret(secret));
    if (key === undefined) throw new UserError("unauthenticated", "The API key is unknown or was revoked");
    const { name, role, isWorker = false } = key;
    return { name, role, isWorker };
  };
}

/** For --no-auth on loopback and for calls within the process: everyone is `name` and may do everything. */
export function trustEveryone(name: string): Authenticate {
  return async () => ({ name, role: "admin" });
}

/** Recognisable for people and for secret scanners. */
const secretPrefix = "wfr_";

/**
 * Makes a key and returns its secret, which is shown this once. Throws already-exists for a name in use.
 *
 * A secret is 256 random bits, so a plain sha256 of it is safe to store: there is no dictionary to try,
 * and a slow hash (bcrypt, argon2) would only add its cost to every call. Looking it up by that hash tells
 * nothing through timing, because nobody can choose the hash's first bytes without knowing the secret.
 */
export async function createKey(
  keys: KeyStore,
  key: { readonly name: string; readonly role: KeyRole },
  random: Random,
): Promise<{ readonly secret: string; readonly key: ApiKey }> {
  const secret = secretPrefix + Buffer.from(random(32)).toString("base64url");
  return { secret, key: await keys.addKey({ ...key, secretSha256: hashSecret(secret) }) };
}

function hashSecret(secret: string): string {
  return hash("sha256", secret);
}

/** Throws permission-denied. */
export function requireRole(caller: Caller, role: KeyRole, what: string): void {
  if (caller.role === "admin" || role === "runner") return;
  throw new UserError(
    "permission-denied",
    `The API key "${caller.name}" has the role ${caller.role}, which may not ${what}`,
  );
}
