import { create } from "@bufbuild/protobuf";
import { type Path, PathSchema } from "../api/gen/workflows/v1/workflows_pb.ts";
import type { Manifest } from "../artifact/manifest.ts";

/**
 * The manifest as the tree of a release record: folders first made where their first file needs them, in
 * the manifest's order. Every node carries its whole path from the root; the public contract leaves this
 * open, and a whole path reads the same at every depth.
 */
export function fileTree(manifest: Manifest): Path[] {
  const roots: Path[] = [];
  const folders = new Map<string, Path>();
  const childrenOf = (folder: string): Path[] => {
    if (folder === "") return roots;
    const known = folders.get(folder);
    if (known !== undefined) return known.children;
    const made = create(PathSchema, { path: folder, directory: true });
    folders.set(folder, made);
    childrenOf(parentOf(folder)).push(made);
    return made.children;
  };
  for (const entry of manifest)
    childrenOf(parentOf(entry.path)).push(create(PathSchema, { path: entry.path }));
  return roots;
}

/** The paths of the files in a release record's tree, whichever form its nodes have. */
export function treeFiles(nodes: readonly Path[], folder = ""): string[] {
  return nodes.flatMap(({ path, directory, children }) => {
    const whole = wholePath(path, folder);
    return directory || children.length > 0 ? treeFiles(children, whole) : [whole];
  });
}

/** Of a node in that folder: other servers than ours may give the name alone. */
export function wholePath(path: string, folder: string): string {
  return folder === "" || path.startsWith(`${folder}/`) ? path : `${folder}/${path}`;
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash === -1 ? "" : path.slice(0, slash);
}
