/**
 * Makes test/support/github/github-rest.slim.json: the calls of GitHub's REST API that this project makes,
 * cut out of GitHub's own OpenAPI description, without its prose. Run by hand when a call or the version
 * below changes; the whole description has 400 MB and is not a dependency.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installOnce, projectRoot, run } from "./cached-tools.mjs";

const packageName = "@octokit/openapi";
const packageVersion = "23.0.2";

const repository = "/repos/{owner}/{repo}";
const usedCalls: Readonly<Record<string, readonly string[]>> = {
  [`${repository}/issues/{issue_number}/comments`]: ["get", "post"],
  [`${repository}/issues/comments/{comment_id}`]: ["get", "patch", "delete"],
  [`${repository}/issues/comments/{comment_id}/reactions`]: ["get", "post"],
  [`${repository}/issues/comments/{comment_id}/reactions/{reaction_id}`]: ["delete"],
  [`${repository}/pulls/{pull_number}`]: ["get"],
  [`${repository}/deployments`]: ["get", "post"],
  [`${repository}/deployments/{deployment_id}/statuses`]: ["get", "post"],
  [`${repository}/compare/{basehead}`]: ["get"],
};

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Prose and samples: most of the bytes, none of the rules. */
const prose: ReadonlySet<string> = new Set([
  "description",
  "summary",
  "example",
  "examples",
  "externalDocs",
  "tags",
  "title",
]);

/** The keys of `properties` and the like are names, whatever they look like. */
const namedMaps: ReadonlySet<string> = new Set([
  "properties",
  "responses",
  "headers",
  "schemas",
  "parameters",
]);

function withoutProse(value: Json, keysAreNames = false): Json {
  if (Array.isArray(value)) return value.map((entry) => withoutProse(entry));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => keysAreNames || (!prose.has(key) && !key.startsWith("x-")))
      .map(([key, entry]) => [key, withoutProse(entry, !keysAreNames && namedMaps.has(key))]),
  );
}

function referencesIn(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, entry]) =>
    key === "$ref" && typeof entry === "string" ? [entry] : referencesIn(entry),
  );
}

function child(value: Json | undefined, key: string): Json {
  const found = value !== null && typeof value === "object" && !Array.isArray(value) ? value[key] : undefined;
  if (found === undefined) throw new Error(`GitHub's description has no ${key}`);
  return found;
}

function slim(description: Json) {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [path, methods] of Object.entries(usedCalls)) {
    const item = child(child(description, "paths"), path);
    paths[path] = Object.fromEntries(methods.map((method) => [method, withoutProse(child(item, method))]));
  }
  const components: Record<string, Record<string, Json>> = {};
  const waiting = referencesIn(paths);
  for (let reference = waiting.pop(); reference !== undefined; reference = waiting.pop()) {
    const [, , kind, name] = reference.split("/");
    if (kind === undefined || name === undefined) throw new Error(`${reference} is not a component`);
    const group = components[kind] ?? {};
    components[kind] = group;
    if (name in group) continue;
    const component = withoutProse(child(child(child(description, "components"), kind), name));
    group[name] = component;
    waiting.push(...referencesIn(component));
  }
  for (const [kind, group] of Object.entries(components)) {
    components[kind] = Object.fromEntries(Object.entries(group).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
  return { madeFrom: `${packageName}@${packageVersion}`, openapi: "3.0.3", paths, components };
}

const folder = installOnce(`github-openapi-${packageVersion}`, (staging) =>
  run(
    "npm",
    [
      "install",
      "--no-save",
      "--no-package-lock",
      "--no-audit",
      "--no-fund",
      "--prefix",
      staging,
      `${packageName}@${packageVersion}`,
    ],
    { what: `Fetching ${packageName} ${packageVersion}` },
  ),
);
const source = join(folder, "node_modules", ...packageName.split("/"), "generated", "api.github.com.json");
const target = join(projectRoot, "test", "support", "github", "github-rest.slim.json");
const text = `${JSON.stringify(slim(JSON.parse(readFileSync(source, "utf8"))), undefined, 1)}\n`;
writeFileSync(target, text);
console.log(`wrote ${target}, ${Math.round(text.length / 1024)} KiB`);
