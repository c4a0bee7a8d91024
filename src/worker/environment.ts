/**
 * Which variables a worker gets. A worker runs code of the project and of everything it depends on,
 * so what is secret by its name stays out; what installing needs (PATH, HOME, proxies, certificates,
 * package indexes) goes in, because without it uv finds another Python or no network.
 */

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * GitHub hands these to a step: inputs (api-key among them), tokens of its cache and artifact
 * services, the job's own token, and the files by which a step changes the steps after it.
 */
const stepPrefixes = ["INPUT_", "ACTIONS_", "GITHUB_", "GH_", "STATE_"];

/** Names that hold a secret when they stand between underscores: `AWS_ACCESS_KEY_ID`, `SENTRY_DSN`. */
const secretWords = new Set(["KEY", "KEYS", "AUTH", "PASS", "PAT", "JWT", "DSN", "COOKIE"]);

/** Names that hold a secret also at the end of a longer word: `NPMTOKEN`, `PGPASSWORD`. */
const secretEndings =
  /(?:TOKENS?|SECRETS?|PASSWORDS?|PASSWD|PASSPHRASE|CREDENTIALS?|APIKEYS?|PRIVATEKEY|ACCESSKEY)$/;

/** Installing needs these though their names or values look secret. UV_PUBLISH_* is for publishing only. */
const installing = /^(?:UV_(?!PUBLISH_)|PIP_|SSL_|NO_PROXY$|(?:HTTPS?|ALL|FTP)_PROXY$|SSH_AUTH_SOCK$)/;

/** A user name and a password inside an address, as in DATABASE_URL. */
const addressWithPassword = /:\/\/[^/?#\s]*:[^/?#\s]*@/;

/**
 * The variables without those that hold secrets, judged by name (in either case) and, for addresses,
 * by value. Meant for discovery, where a worker only has to be imported.
 */
export function withoutSecrets(environment: Environment): Environment {
  return Object.fromEntries(
    Object.entries(environment).filter(([name, value]) => value !== undefined && !isSecret(name, value)),
  );
}

function isSecret(name: string, value: string): boolean {
  const upper = name.toUpperCase();
  if (installing.test(upper)) return false;
  if (stepPrefixes.some((prefix) => upper.startsWith(prefix)) || upper.startsWith("UV_PUBLISH_")) return true;
  if (/^OTEL_EXPORTER_.*HEADERS$/.test(upper)) return true;
  const words = upper.split(/[^A-Z0-9]+/);
  return (
    words.some((word) => secretWords.has(word) || secretEndings.test(word)) || addressWithPassword.test(value)
  );
}

/**
 * Variables of whoever starts us that would make Python or uv use another project's environment or
 * modules, or contradict `--locked`; and every TILEBOX_ variable but the two that choose log levels,
 * because the others name another worker or carry the API key. Forced colours would hide uv's words.
 */
const misleading =
  /^(?:VIRTUAL_ENV(?:_PROMPT)?|CONDA_PREFIX|PYTHON(?:PATH|HOME|STARTUP|SAFEPATH)|FORCE_COLOR|CLICOLOR_FORCE|UV_(?:PROJECT(?:_ENVIRONMENT)?|WORKING_DIR(?:ECTORY)?|FROZEN|LOCKED|NO_SYNC|ISOLATED|ENV_FILE|RUN_.*)|TILEBOX_(?!LOG_LEVEL$|DEBUG$).*)$/;

/** The variables that any worker may inherit: those above are left out. */
export function inheritable(environment: Environment): Environment {
  return Object.fromEntries(
    Object.entries(environment).filter(
      ([name, value]) => value !== undefined && !misleading.test(name.toUpperCase()),
    ),
  );
}
