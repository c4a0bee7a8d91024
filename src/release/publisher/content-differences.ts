import type { WorkflowRelease } from "../../api/gen/workflows/v1/workflows_pb.ts";
import type { CheckedContent } from "../../build/build.ts";
import type { TaskIdentifier } from "../../engine/task-identifier.ts";
import { treeFiles } from "../file-tree.ts";

const listedAtMost = 50;

/** What a server's or CLI's listing has besides, or lacks of, the content that we built; none when they agree. */
export function contentDifferences(
  { manifest, tasks }: Pick<CheckedContent, "manifest" | "tasks">,
  theirs: { readonly files: readonly string[]; readonly tasks: readonly TaskIdentifier[] },
): string[] {
  const nameOf = ({ name, version }: TaskIdentifier) => `${name}@${version}`;
  const differences = [
    ...compare("task", tasks.map(nameOf), theirs.tasks.map(nameOf)),
    ...compare(
      "file",
      manifest.map(({ path }) => path),
      theirs.files,
    ),
  ];
  if (differences.length <= listedAtMost) return differences;
  return [...differences.slice(0, listedAtMost), `and ${differences.length - listedAtMost} more`];
}

function compare(what: string, ours: readonly string[], theirs: readonly string[]): string[] {
  const our = new Set(ours);
  const their = new Set(theirs);
  return [
    ...[...their]
      .filter((name) => !our.has(name))
      .sort()
      .map((name) => `${what} ${name}: in the release, not in the build`),
    ...[...our]
      .filter((name) => !their.has(name))
      .sort()
      .map((name) => `${what} ${name}: in the build, not in the release`),
  ];
}

/** The same of a release's record, with how its worker is started. */
export function recordDifferences(
  content: Pick<CheckedContent, "manifest" | "tasks" | "entrypoint">,
  { content: record }: WorkflowRelease,
): string[] {
  const { entrypoint } = content;
  const ours = entrypoint.kind === "runner" ? entrypoint.objectPath : JSON.stringify(entrypoint.argv);
  const theirs = record?.runnerObjectPath || JSON.stringify(record?.commandOverride ?? []);
  return [
    ...(ours === theirs ? [] : [`entry point: ${ours} in the build, ${theirs} in the release`]),
    ...contentDifferences(content, { files: treeFiles(record?.files ?? []), tasks: record?.tasks ?? [] }),
  ];
}
