/** GitHub's own OpenAPI description, cut to the calls in use (.ci/slim-openapi.ts), as a judge of requests and answers. */
import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import addFormatsModule from "ajv-formats";

interface Operation {
  readonly parameters?: readonly { readonly $ref?: string; readonly name?: string; readonly in?: string }[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly parameters: Readonly<Record<string, { name: string; in: string }>> };
}

/** One call as the description names it: `POST /repos/{owner}/{repo}/deployments`. */
export interface MatchedCall {
  readonly name: string;
  readonly path: string;
  readonly method: string;
  readonly params: Readonly<Record<string, string>>;
}

const description: Description = JSON.parse(
  readFileSync(new URL("./github-rest.slim.json", import.meta.url), "utf8"),
  (_, value: unknown) => nullableAsSchema(value),
);

/** OpenAPI 3.0 says `nullable` beside a reference or a choice, which is no JSON schema. */
function nullableAsSchema(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("nullable" in value) || "type" in value) return value;
  const { nullable, ...schema } = value;
  return nullable === true ? { anyOf: [schema, { type: "null" }] } : schema;
}

const ajv = new Ajv({ strict: false, allErrors: true, logger: false, coerceTypes: false });
// The package is CommonJS: what Node gives for its default export, its types call a namespace.
(addFormatsModule as unknown as (ajv: Ajv) => void)(ajv);
// What the description calls a URI has the empty string as its default, and GitHub sends that.
ajv.addFormat("uri", (text) => text === "" || URL.canParse(text));
ajv.addSchema(description, "github");

const compiled = new Map<string, ValidateFunction>();

export function matchCall(method: string, pathname: string): MatchedCall | undefined {
  for (const [path, operations] of Object.entries(description.paths)) {
    if (operations[method.toLowerCase()] === undefined) continue;
    const names: string[] = [];
    const pattern = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      names.push(name);
      return "([^/]+)";
    });
    const values = new RegExp(`^${pattern}$`).exec(pathname)?.slice(1);
    if (values === undefined) continue;
    const params = Object.fromEntries(names.map((name, i) => [name, decodeURIComponent(values[i] ?? "")]));
    return { name: `${method} ${path}`, path, method: method.toLowerCase(), params };
  }
  return undefined;
}

/** What GitHub's description has against a request; empty when it is well formed. */
export function requestProblems(call: MatchedCall, query: URLSearchParams, body: unknown): string[] {
  const operation = operationOf(call);
  const known = new Set(
    (operation.parameters ?? []).flatMap((parameter) => {
      const name = parameter.$ref?.split("/").at(-1);
      const found = name === undefined ? parameter : description.components.parameters[name];
      return found?.in === "query" ? [found.name] : [];
    }),
  );
  const unknown = [...query.keys()]
    .filter((name) => !known.has(name))
    .map((name) => `query parameter ${name} does not exist`);
  if (operation.requestBody === undefined) return unknown;
  return [
    ...unknown,
    ...schemaProblems(`${pointerTo(call)}/requestBody/content/application~1json/schema`, body),
  ];
}

/** What the description has against an answer of the fake itself. */
export function answerProblems(call: MatchedCall, status: number, body: unknown): string[] {
  const answer = operationOf(call).responses[String(status)];
  if (answer === undefined) {
    // 401, 403 and 5xx are left out of most calls; their form is the same everywhere.
    return status >= 400
      ? schemaProblems("#/components/schemas/basic-error", body)
      : [`status ${status} is not described`];
  }
  const pointer = `${pointerTo(call)}/responses/${status}`;
  if (answer.content === undefined && !("$ref" in answer)) return [];
  const target = "$ref" in answer ? String(answer.$ref) : pointer;
  return schemaProblems(`${target}/content/application~1json/schema`, body);
}

function operationOf({ path, method }: MatchedCall): Operation {
  const operation = description.paths[path]?.[method];
  if (operation === undefined) throw new Error(`no ${method} ${path}`);
  return operation;
}

function pointerTo({ path, method }: MatchedCall): string {
  return `#/paths/${encodeURIComponent(path.replaceAll("/", "~1"))}/${method}`;
}

function schemaProblems(pointer: string, value: unknown): string[] {
  let validate = compiled.get(pointer);
  if (validate === undefined) {
    validate = ajv.compile({ $ref: `github${pointer}` });
    compiled.set(pointer, validate);
  }
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || "body"} ${message}`);
}
