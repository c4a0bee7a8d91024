/**
 * The limits of WorkflowsService's requests, and how each becomes values that cannot be wrong. Limits the
 * public documents name are theirs; the others bound what one request can cost.
 */
import { isFieldSet } from "@bufbuild/protobuf";
import type { TaskIdentifier as WireTask } from "../../api/gen/workflows/v1/core_pb.ts";
import type * as wire from "../../api/gen/workflows/v1/workflows_pb.ts";
import {
  UpdateClusterRequestSchema,
  UpdateWorkflowRequestSchema,
} from "../../api/gen/workflows/v1/workflows_pb.ts";
import { identifierProblems } from "../../engine/registered-tasks.ts";
import type { FileNode, FileTree, ReleaseContent } from "../../engine/release.ts";
import type { Slug } from "../../engine/slug.ts";
import type { TaskIdentifier } from "../../engine/task-identifier.ts";
import type { DeployRequest, PublishRequest } from "../../store/port.ts";
import { checkRequest, type RequestFields } from "./request-fields.ts";

/** [doc] 1 to 100 characters for clusters; for workflows the documents name no maximum. */
const clusterName = { min: 1, max: 100 };
const workflowName = { min: 1, max: 256 };
const summary = { min: 0, max: 1_000 };
/** [doc] */
const description = { min: 0, max: 50_000 };
const clusterCount = { min: 0, max: 100 };
const taskCount = { min: 1, max: 1_000 };
/** [doc] */
const identifierBytes = 256;
const runnerObjectPath = { min: 0, max: 1_000 };
const commandCount = { min: 0, max: 100 };
const commandArgument = { min: 0, max: 4_096 };
const fileCount = 50_000;
/** Linux's PATH_MAX. */
const pathBytes = 4_096;
/** Decoders stop at 100 nested messages; an answer has about 10 around the tree. */
const fileTreeDepth = 64;

export function checkCreateCluster(request: wire.CreateClusterRequest) {
  return checkRequest("CreateCluster", (fields) => ({
    /** Undefined: made from the name. */
    slug: request.slug === "" ? undefined : fields.slug("slug", request.slug),
    displayName: fields.text("name", request.name, clusterName),
    description: fields.text("description", request.description, description),
  }));
}

export function checkGetCluster(request: wire.GetClusterRequest) {
  return checkRequest("GetCluster", (fields) => fields.cluster("cluster_slug", request.clusterSlug));
}

/** The slug must be there: what changes a thing says which, though reading may leave it to the default. */
export function checkUpdateCluster(request: wire.UpdateClusterRequest) {
  const { field } = UpdateClusterRequestSchema;
  return checkRequest("UpdateCluster", (fields) => ({
    cluster: fields.slug("cluster_slug", request.clusterSlug),
    displayName: isFieldSet(request, field.name) ? fields.text("name", request.name, clusterName) : undefined,
    description: isFieldSet(request, field.description)
      ? fields.text("description", request.description, description)
      : undefined,
  }));
}

export function checkDeleteCluster(request: wire.DeleteClusterRequest): Slug {
  return checkRequest("DeleteCluster", (fields) => fields.slug("cluster_slug", request.clusterSlug));
}

export function checkCreateWorkflow(request: wire.CreateWorkflowRequest) {
  return checkRequest("CreateWorkflow", (fields) => ({
    name: fields.text("name", request.name, workflowName),
    summary: fields.text("summary", request.summary, summary),
    description: fields.text("description", request.description, description),
  }));
}

/** For GetWorkflow and DeleteWorkflow. */
export function checkWorkflowSlug(method: string, request: { readonly workflowSlug: string }): Slug {
  return checkRequest(method, (fields) => fields.slug("workflow_slug", request.workflowSlug));
}

export function checkUpdateWorkflow(request: wire.UpdateWorkflowRequest) {
  const { field } = UpdateWorkflowRequestSchema;
  return checkRequest("UpdateWorkflow", (fields) => ({
    workflow: fields.slug("workflow_slug", request.workflowSlug),
    name: isFieldSet(request, field.name) ? fields.text("name", request.name, workflowName) : undefined,
    summary: isFieldSet(request, field.summary)
      ? fields.text("summary", request.summary, summary)
      : undefined,
    description: isFieldSet(request, field.description)
      ? fields.text("description", request.description, description)
      : undefined,
  }));
}

export function checkListWorkflows(request: wire.ListWorkflowsRequest) {
  return checkRequest("ListWorkflows", (fields) => fields.page<"workflow">(request.page));
}

export function checkPublish(request: wire.PublishWorkflowReleaseRequest, actor: string): PublishRequest {
  return checkRequest("PublishWorkflowRelease", (fields) => ({
    workflow: fields.slug("workflow_slug", request.workflowSlug),
    artifact: fields.id<"artifact">("artifact_id", request.artifactId),
    ...readContent(fields, request.content),
    actor,
  }));
}

export function checkUnpublish(request: wire.UnpublishWorkflowReleaseRequest, actor: string) {
  return checkRequest("UnpublishWorkflowRelease", (fields) => ({
    workflow: fields.slug("workflow_slug", request.workflowSlug),
    release: fields.id<"release">("release_id", request.releaseId),
    actor,
  }));
}

export function checkDeploy(
  method: "DeployWorkflowRelease" | "UndeployWorkflowRelease",
  request: wire.DeployWorkflowReleaseRequest | wire.UndeployWorkflowReleaseRequest,
  actor: string,
): DeployRequest {
  return checkRequest(method, (fields) => ({
    workflow: fields.slug("workflow_slug", request.workflowSlug),
    release: fields.id<"release">("release_id", request.releaseId),
    clusters: fields.list("cluster_slugs", request.clusterSlugs, clusterCount, (field, slug) =>
      fields.cluster(field, slug),
    ),
    actor,
  }));
}

function readContent(
  fields: RequestFields,
  content: wire.ReleaseContent | undefined,
): { readonly content: ReleaseContent; readonly files: FileTree } {
  if (content === undefined) {
    fields.problem("content", "must be set");
    return { content: { fingerprint: "", tasks: [], runnerObjectPath: "", commandOverride: [] }, files: [] };
  }
  if (!/^[0-9a-f]{64}$/.test(content.fingerprint)) {
    fields.problem("content.fingerprint", "must be 64 lower-case hexadecimal characters");
  }
  if (content.runnerObjectPath === "" && content.commandOverride.length === 0) {
    fields.problem("content", "must have a runner_object_path or a command_override");
  }
  return {
    content: {
      fingerprint: content.fingerprint,
      tasks: readTasks(fields, content.tasks),
      runnerObjectPath: fields.text("content.runner_object_path", content.runnerObjectPath, runnerObjectPath),
      commandOverride: fields.list(
        "content.command_override",
        content.commandOverride,
        commandCount,
        (field, argument) => fields.text(field, argument, commandArgument),
      ),
    },
    files: readFiles(fields, content.files),
  };
}

function readTasks(fields: RequestFields, tasks: readonly WireTask[]): readonly TaskIdentifier[] {
  let tooLong = false;
  const identifiers = fields.list("content.tasks", tasks, taskCount, (field, { name, version }) => {
    if (Buffer.byteLength(name) > identifierBytes || Buffer.byteLength(version) > identifierBytes) {
      fields.problem(field, `must not have a name or version of more than ${identifierBytes} bytes`);
      tooLong = true;
    }
    return { name, version };
  });
  // These problems quote what they are about, so it must not be long.
  if (!tooLong)
    for (const problem of identifierProblems(identifiers)) fields.problem("content.tasks", problem);
  return identifiers;
}

function readFiles(fields: RequestFields, files: readonly wire.Path[]): FileTree {
  let count = 0;
  const read = (field: string, nodes: readonly wire.Path[], depth: number): FileNode[] => {
    if (depth > fileTreeDepth && nodes.length > 0) {
      fields.problem(field, `must not be more than ${fileTreeDepth} folders deep`);
      return [];
    }
    count += nodes.length;
    if (count > fileCount) return [];
    return nodes.map(({ path, directory, children }, index) => {
      const here = `${field}[${index}]`;
      if (path === "" || Buffer.byteLength(path) > pathBytes || path.includes("\0")) {
        fields.problem(`${here}.path`, `must have 1 to ${pathBytes} bytes, none of them NUL`);
      }
      if (!directory && children.length > 0) fields.problem(here, "has children and is no directory");
      return { path, directory, children: read(`${here}.children`, children, depth + 1) };
    });
  };
  const tree = read("content.files", files, 1);
  if (count > fileCount) {
    fields.problem("content.files", `must not have more than ${fileCount} files and folders`);
  }
  return tree;
}
