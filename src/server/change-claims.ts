/** The headers in which a change says where it comes from and what it must find: see src/api/change-headers.ts. */
import { expectationHeader, expectationLimitBytes } from "../api/change-headers.ts";
import { parseId, type ReleaseId } from "../engine/id.ts";
import { type Provenance, parseProvenance, provenanceHeader } from "../engine/provenance.ts";
import { parseSlug, type Slug } from "../engine/slug.ts";
import { UserError } from "../errors.ts";

/** Throws request-invalid. */
export function readProvenance(header: string | undefined): Provenance | undefined {
  if (header === undefined) return undefined;
  const parsed = parseProvenance(header);
  if (!("problems" in parsed)) return parsed;
  throw new UserError("request-invalid", `The header ${provenanceHeader} cannot be read`, {
    problems: parsed.problems.map((message) => ({ message })),
  });
}

/** Throws request-invalid, also for a cluster that the call does not name: nothing would be checked of it. */
export function readExpectation(
  header: string | undefined,
  clusters: readonly { readonly kind: "default" | "slug"; readonly slug?: Slug }[],
): ReadonlyMap<Slug, ReleaseId | undefined> | undefined {
  if (header === undefined) return undefined;
  const value = header.length <= expectationLimitBytes ? parseJson(header) : undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw unreadable("it is no JSON object of at most 12 KiB");
  }
  // The default cluster has a slug too, which only the store knows.
  const namesDefault = clusters.length === 0 || clusters.some(({ kind }) => kind === "default");
  return new Map(
    Object.entries(value).map(([name, release]): [Slug, ReleaseId | undefined] => {
      const slug = parseSlug(name);
      if (slug === undefined) throw unreadable("a cluster's name is no slug");
      if (!namesDefault && !clusters.some((cluster) => cluster.slug === slug)) {
        throw unreadable(`the call does not name the cluster "${slug}"`);
      }
      if (release === null) return [slug, undefined];
      const id = typeof release === "string" ? parseId<"release">(release) : undefined;
      if (id === undefined) throw unreadable(`what "${slug}" must have is neither a release's id nor null`);
      return [slug, id];
    }),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreadable(why: string): UserError {
  return new UserError("request-invalid", `The header ${expectationHeader} cannot be read: ${why}`);
}
