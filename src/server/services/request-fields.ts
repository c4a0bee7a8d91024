import { isFieldSet } from "@bufbuild/protobuf";
import type { ID } from "../../api/gen/tilebox/v1/id_pb.ts";
import { type Pagination, PaginationSchema } from "../../api/gen/tilebox/v1/query_pb.ts";
import { type Id, idFromBytes } from "../../engine/id.ts";
import type { ClusterRef } from "../../engine/release.ts";
import { parseSlug, type Slug } from "../../engine/slug.ts";
import { type Problem, UserError } from "../../errors.ts";

/** A caller that gets more than this wrong is served by reading the documentation. */
const reportedProblems = 20;
/** What a page holds at most, whatever limit was asked for: `next_page` leads on. */
const largestPage = 1_000;

/**
 * Reads a request field by field and throws request-invalid with everything that is wrong with it. What a
 * field's reader returns after it found a problem is never seen: `read` ends, then all problems are thrown.
 */
export function checkRequest<Checked>(name: string, read: (fields: RequestFields) => Checked): Checked {
  const fields = new RequestFields();
  const checked = read(fields);
  if (fields.problems.length > 0) {
    throw new UserError("request-invalid", `${name} cannot be carried out`, { problems: fields.problems });
  }
  return checked;
}

/** Fields carry the names of the wire, as callers of any language know them. */
export class RequestFields {
  readonly problems: Problem[] = [];

  problem(field: string, message: string): void {
    if (this.problems.length === reportedProblems) {
      this.problems.push({ message: "there are more problems than are listed here" });
    } else if (this.problems.length < reportedProblems) this.problems.push({ file: field, message });
  }

  /** Characters are counted as Unicode code points, as the public service's rules count them. */
  text(field: string, value: string, length: { readonly min: number; readonly max: number }): string {
    // A code point is one or two UTF-16 units, so most values need no counting.
    const tooLong = value.length > length.max && [...value].length > length.max;
    if (value.length < length.min) this.problem(field, "must not be empty");
    else if (tooLong) this.problem(field, `must not be longer than ${length.max} characters`);
    else if (value.includes("\0")) this.problem(field, "must not hold NUL characters");
    return value;
  }

  slug(field: string, value: string): Slug {
    const slug = parseSlug(value);
    if (slug === undefined) {
      this.problem(
        field,
        value === "" ? "must not be empty" : `is no slug: ${JSON.stringify(shorten(value))}`,
      );
    }
    return slug ?? (value as Slug);
  }

  /** An empty slug is the default cluster. */
  cluster(field: string, value: string): ClusterRef {
    return value === "" ? { kind: "default" } : { kind: "slug", slug: this.slug(field, value) };
  }

  id<Kind extends string>(field: string, value: ID | undefined): Id<Kind> {
    const id = value === undefined ? undefined : idFromBytes<Kind>(value.uuid);
    if (id === undefined) {
      this.problem(field, value === undefined || value.uuid.length === 0 ? "must be set" : "is no UUID");
    }
    return id ?? ("" as Id<Kind>);
  }

  /** No page is everything, and so is a page without a limit. */
  page<Kind extends string>(
    page: Pagination | undefined,
  ): { readonly limit?: number; readonly startingAfter?: Id<Kind> } {
    if (page === undefined) return {};
    const limited = isFieldSet(page, PaginationSchema.field.limit);
    if (limited && page.limit < 1n) this.problem("page.limit", "must be at least 1");
    const { startingAfter: after } = page;
    return {
      ...(limited ? { limit: Math.min(Number(page.limit), largestPage) } : {}),
      ...(after === undefined ? {} : { startingAfter: this.id<Kind>("page.starting_after", after) }),
    };
  }

  /** Refuses a list that is too long or too short before its entries are looked at. */
  list<Entry, Checked>(
    field: string,
    entries: readonly Entry[],
    count: { readonly min: number; readonly max: number },
    check: (field: string, entry: Entry) => Checked,
  ): readonly Checked[] {
    if (entries.length < count.min) this.problem(field, `must have at least ${count.min} entry`);
    if (entries.length > count.max) {
      this.problem(field, `must not have more than ${count.max} entries`);
      return [];
    }
    return entries.map((entry, index) => check(`${field}[${index}]`, entry));
  }
}

function shorten(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`;
}
