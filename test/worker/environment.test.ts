import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inheritable, withoutSecrets } from "../../src/worker/environment.ts";

describe("withoutSecrets", () => {
  const secret = [
    "TILEBOX_API_KEY",
    "GITHUB_TOKEN",
    "GITHUB_OUTPUT",
    "GITHUB_ENV",
    "GH_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "INPUT_API-KEY",
    "INPUT_GITHUB-TOKEN",
    "STATE_started",
    "ACTIONS_RUNTIME_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "ACTIONS_RESULTS_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "AZURE_CLIENT_SECRET",
    "NPM_TOKEN",
    "NPMTOKEN",
    "npm_config__auth",
    "PGPASSWORD",
    "MYSQL_PWD_KEY",
    "SENTRY_DSN",
    "DOCKER_AUTH_CONFIG",
    "UV_PUBLISH_TOKEN",
    "UV_PUBLISH_PASSWORD",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OPENAI_APIKEY",
    "SSH_PRIVATE_KEY",
    "SESSION_COOKIE",
    "DEPLOY_PAT",
    "tilebox_api_key",
  ];
  const kept = [
    "PATH",
    "Path",
    "HOME",
    "LANG",
    "TZ",
    "TMPDIR",
    "CI",
    "RUNNER_TEMP",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "HTTPS_PROXY",
    "http_proxy",
    "NO_PROXY",
    "UV_CACHE_DIR",
    "UV_INDEX_PRIVATE_PASSWORD",
    "UV_DEFAULT_INDEX",
    "PIP_INDEX_URL",
    "SSH_AUTH_SOCK",
    "AWS_REGION",
    "AWS_CA_BUNDLE",
    "KEYBOARD",
    "MONKEY_BUSINESS",
    "AUTHOR",
    "SystemRoot",
    "PYTHONDONTWRITEBYTECODE",
  ];
  for (const name of secret)
    it(`leaves out ${name}`, () => assert.deepEqual(withoutSecrets({ [name]: "value" }), {}));
  for (const name of kept)
    it(`keeps ${name}`, () => assert.deepEqual(withoutSecrets({ [name]: "value" }), { [name]: "value" }));

  it("leaves out addresses with a password, but for proxies and package indexes", () => {
    const address = "https://user:password@example.org/simple";
    assert.deepEqual(
      withoutSecrets({
        DATABASE_URL: "postgres://user:password@db/x",
        HTTPS_PROXY: address,
        UV_INDEX_URL: address,
        HOMEPAGE: "https://example.org:8080/@user",
      }),
      { HTTPS_PROXY: address, UV_INDEX_URL: address, HOMEPAGE: "https://example.org:8080/@user" },
    );
  });
});

it("inheritable leaves out what would lead Python, uv or the worker astray", () => {
  const misleading = [
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "FORCE_COLOR",
    "UV_PROJECT",
    "UV_PROJECT_ENVIRONMENT",
    "UV_FROZEN",
    "UV_LOCKED",
    "UV_NO_SYNC",
    "TILEBOX_API_KEY",
    "TILEBOX_API_URL",
    "TILEBOX_WORKER_ADDRESS",
    "TILEBOX_RUNTIME_ID",
  ];
  const kept = {
    PATH: "a",
    UV_CACHE_DIR: "b",
    TILEBOX_LOG_LEVEL: "DEBUG",
    TILEBOX_DEBUG: "1",
    GITHUB_TOKEN: "c",
  };
  const all = { ...kept, ...Object.fromEntries(misleading.map((name) => [name, "x"])), ABSENT: undefined };
  assert.deepEqual(inheritable(all), kept);
});
