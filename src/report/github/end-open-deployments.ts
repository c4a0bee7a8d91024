import type { GitHubClient } from "./client.ts";
import { lastState } from "./deployment-record.ts";
import type { OpenDeployment } from "./deployments.ts";
import { githubTrouble } from "./trouble.ts";

/**
 * Ends what a run that was killed left in progress. What somebody else has ended stays as it is. Never throws.
 *
 * @returns What to tell a person, one line a deployment.
 */
export async function endOpenDeployments(
  client: GitHubClient,
  open: readonly OpenDeployment[],
  runUrl: string,
): Promise<string[]> {
  const { octokit, repository } = client;
  return await Promise.all(
    open.map(async ({ id, environment }) => {
      try {
        const state = await lastState(client, id);
        if (state !== "in_progress" && state !== "pending") return `${environment}: ${state}`;
        await octokit.rest.repos.createDeploymentStatus({
          ...repository,
          deployment_id: id,
          state: "error",
          description: "The run was killed; `workflow-release status` says what the cluster has",
          log_url: runUrl,
          auto_inactive: false,
        });
        return `${environment}: the run was killed before it said how its deployment ended`;
      } catch (error) {
        return `${environment}: its deployment is left in progress: ${githubTrouble(error, "deployments: write")}`;
      }
    }),
  );
}
