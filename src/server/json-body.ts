/** JSON that comes in over plain HTTP: read within a limit, then field by field. */
import { type Problem, UserError } from "../errors.ts";
import type { HttpRequest } from "./http-exchange.ts";

/** Throws request-invalid for a body that is longer or no JSON. */
export async function readJson(request: HttpRequest, maxBytes: number): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) {
      throw new UserError("request-invalid", `The body has more than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (cause) {
    throw new UserError("request-invalid", "The body is not JSON", { cause });
  }
}

/** Reads a JSON object field by field and gathers what is wrong: with no object every field is missing. */
export class Fields {
  readonly #record: Readonly<Record<string, unknown>>;
  readonly #problems: Problem[];
  readonly #place: string;

  constructor(value: unknown, problems: Problem[], place = "") {
    this.#record = isRecord(value) ? value : {};
    this.#problems = problems;
    this.#place = place;
  }

  get(name: string): unknown {
    return this.#record[name];
  }

  matching(name: string, form: RegExp): string {
    const value = this.#record[name];
    if (typeof value === "string" && form.test(value)) return value;
    this.#problem(name, "is missing or malformed");
    return "";
  }

  count(name: string): number {
    const value = this.#record[name];
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    this.#problem(name, "is no count");
    return 0;
  }

  list(name: string): readonly unknown[] {
    const value = this.#record[name];
    if (Array.isArray(value)) return value;
    this.#problem(name, "is no list");
    return [];
  }

  #problem(name: string, message: string): void {
    this.#problems.push({ file: this.#place + name, message });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
