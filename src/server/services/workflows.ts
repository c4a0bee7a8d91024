import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { expectationHeader } from "../../api/change-headers.ts";
import type { WorkflowsService } from "../../api/gen/workflows/v1/workflows_pb.ts";
import { idToBytes, type Random } from "../../engine/id.ts";
import { provenanceHeader } from "../../engine/provenance.ts";
import type { Workflow } from "../../engine/release.ts";
import { makeSlug, parseSlug } from "../../engine/slug.ts";
import { UserError } from "../../errors.ts";
import type { DeployRequest, DeployResult, Store, WorkflowPage } from "../../store/port.ts";
import { readExpectation, readProvenance } from "../change-claims.ts";
import { callerOf } from "../rpc-gate.ts";
import { AnswerWriter } from "./workflows-answers.ts";
import * as check from "./workflows-requests.ts";

export interface WorkflowsDeps {
  readonly store: Pick<Store, "clusters" | "workflows" | "releases">;
  readonly random: Random;
}

type Impl = ServiceImpl<typeof WorkflowsService>;

/** WorkflowsService of the public contract, whole. Rules are in engine/, limits in workflows-requests.ts. */
export function createWorkflowsService({ store, random }: WorkflowsDeps): Impl {
  return {
    ...clusterMethods(store, random),
    ...workflowMethods(store, random),
    ...releaseMethods(store),
  };
}

function clusterMethods({ clusters, releases }: WorkflowsDeps["store"], random: Random) {
  const answer = () => new AnswerWriter(releases);
  return {
    async createCluster(request) {
      const { slug, displayName, description } = check.checkCreateCluster(request);
      const created = await clusters.createCluster({
        slug: slug ?? makeSlug(displayName, random),
        displayName,
        description,
      });
      return answer().cluster(created);
    },
    getCluster: async (request) =>
      answer().cluster(await clusters.getCluster(check.checkGetCluster(request))),
    async updateCluster(request) {
      const { cluster, ...changes } = check.checkUpdateCluster(request);
      return answer().cluster(await clusters.updateCluster(cluster, changes));
    },
    async deleteCluster(request) {
      await clusters.deleteCluster(check.checkDeleteCluster(request));
      return {};
    },
    listClusters: async () => ({ clusters: await answer().clusters(await clusters.listClusters()) }),
  } satisfies Partial<Impl>;
}

function workflowMethods({ workflows, releases }: WorkflowsDeps["store"], random: Random) {
  const answer = () => new AnswerWriter(releases);
  return {
    async createWorkflow(request) {
      const fields = check.checkCreateWorkflow(request);
      return answer().workflow(
        (await createUnderOwnName(workflows, fields)) ??
          (await workflows.createWorkflow({ slug: makeSlug(fields.name, random), ...fields })),
      );
    },
    async getWorkflow(request) {
      const slug = check.checkWorkflowSlug("GetWorkflow", request);
      return answer().workflow(await workflows.getWorkflow(slug));
    },
    async listWorkflows(request) {
      const page = check.checkListWorkflows(request);
      const { workflows: found, next } = await workflows.listWorkflows(page);
      return { workflows: await answer().workflows(found), ...(next === undefined ? {} : nextPage(next)) };
    },
    /** The hosted service has a gallery of workflows that everyone may run; a control plane of one's own has none. */
    listPublicWorkflows: () => ({ workflows: [] }),
    async updateWorkflow(request) {
      const { workflow, ...changes } = check.checkUpdateWorkflow(request);
      return answer().workflow(await workflows.updateWorkflow(workflow, changes));
    },
    async deleteWorkflow(request, context: HandlerContext) {
      const workflow = check.checkWorkflowSlug("DeleteWorkflow", request);
      await workflows.deleteWorkflow({ workflow, ...actorOf(context) });
      return {};
    },
  } satisfies Partial<Impl>;
}

/**
 * CreateWorkflow names no slug, but tilebox.workflow.toml does. A name that has the form of a slug becomes
 * the slug while it is free, so that a project's workflow can be created under the slug it already has.
 */
async function createUnderOwnName(
  workflows: Store["workflows"],
  fields: ReturnType<typeof check.checkCreateWorkflow>,
): Promise<Workflow | undefined> {
  const slug = parseSlug(fields.name);
  if (slug === undefined) return undefined;
  try {
    return await workflows.createWorkflow({ slug, ...fields });
  } catch (error) {
    if (error instanceof UserError && error.code === "already-exists") return undefined;
    throw error;
  }
}

function releaseMethods({ releases }: WorkflowsDeps["store"]) {
  const deployed = async (result: DeployResult) => {
    const answer = new AnswerWriter(releases);
    return {
      release: await answer.release(result.release),
      clusters: await answer.clusters(result.clusters),
    };
  };
  return {
    async publishWorkflowRelease(request, context: HandlerContext) {
      const { actor, provenance } = actorOf(context);
      const { release } = await releases.publish({ ...check.checkPublish(request, actor), provenance });
      return new AnswerWriter(releases).release(release);
    },
    async unpublishWorkflowRelease(request, context: HandlerContext) {
      const { actor, provenance } = actorOf(context);
      await releases.unpublish({ ...check.checkUnpublish(request, actor), provenance });
      return {};
    },
    async deployWorkflowRelease(request, context: HandlerContext) {
      return deployed(await releases.deploy(changeOf("DeployWorkflowRelease", request, context)));
    },
    async undeployWorkflowRelease(request, context: HandlerContext) {
      return deployed(await releases.undeploy(changeOf("UndeployWorkflowRelease", request, context)));
    },
  } satisfies Partial<Impl>;
}

/** Who calls, by the key, and what the caller says of itself. */
function actorOf(context: HandlerContext) {
  const header = context.requestHeader.get(provenanceHeader) ?? undefined;
  return { actor: callerOf(context).name, provenance: readProvenance(header) };
}

function changeOf(
  method: Parameters<typeof check.checkDeploy>[0],
  request: Parameters<typeof check.checkDeploy>[1],
  context: HandlerContext,
): DeployRequest {
  const { actor, provenance } = actorOf(context);
  const change = check.checkDeploy(method, request, actor);
  const header = context.requestHeader.get(expectationHeader) ?? undefined;
  return { ...change, provenance, expected: readExpectation(header, change.clusters) };
}

function nextPage({ limit, startingAfter }: WorkflowPage) {
  return { nextPage: { limit: BigInt(limit), startingAfter: { uuid: idToBytes(startingAfter) } } };
}
