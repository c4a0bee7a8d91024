/** All that GitHub is told of a run beside its log and its summary. Nothing of it can fail the run. */
import { createHash } from "node:crypto";
import type { GitHubRun } from "../../inputs/github-run.ts";
import type { RunRecord } from "../record.ts";
import { sectionsOf } from "../sections/sections.ts";
import { cut, inlineCode } from "../untrusted-text.ts";
import { headline } from "../verdict.ts";
import { createGitHubClient, type GitHubClient, type GitHubLimits } from "./client.ts";
import type { CommentPart } from "./comment-text.ts";
import { GitHubDeployments, type OpenDeployment } from "./deployments.ts";
import { contributeToComment } from "./sticky-comment.ts";
import { githubTrouble } from "./trouble.ts";

export interface GitHubReporterOptions {
  readonly run: GitHubRun;
  readonly token: string;
  readonly comment: boolean;
  readonly deployments: boolean;
  /** The matrix values of the job as JSON; `null` or empty outside a matrix. */
  readonly matrix: string;
  /** Ends whatever GitHub has not answered by then. */
  readonly signal: AbortSignal;
  /** Told what could not be reported and what the run itself did. */
  readonly tell: (notice: string) => void;
  /** Told which GitHub Deployments are in progress, whenever that changes. */
  readonly openChanged: (open: readonly OpenDeployment[]) => void;
  readonly random?: () => number;
  readonly limits?: GitHubLimits;
  readonly lock?: { readonly pollMs: number; readonly staleMs: number };
}

/** GitHub takes about a second to write a comment; a job that holds the lock for 20 s is gone. */
const defaultLock = { pollMs: 700, staleMs: 20_000 };

export class GitHubReporter {
  readonly #options: GitHubReporterOptions;
  readonly #deployments: GitHubDeployments | undefined;
  #client: Promise<GitHubClient> | undefined;

  constructor(options: GitHubReporterOptions) {
    this.#options = options;
    this.#deployments = options.deployments
      ? new GitHubDeployments(() => this.#connect(), options.run, options.openChanged)
      : undefined;
  }

  /** Call it when the record's stage has changed. Returns at once. */
  stageEntered(record: RunRecord): void {
    this.#deployments?.stageEntered(record);
  }

  /** Says how the run ended, with all of its projects together. */
  async end(...records: RunRecord[]): Promise<void> {
    await Promise.all([this.#comment(records), this.#deployments?.end(records)]);
    for (const trouble of this.#deployments?.troubles(records) ?? []) this.#options.tell(trouble);
  }

  async #comment(records: readonly RunRecord[]): Promise<void> {
    const {
      run: { pullRequest },
      comment,
      signal,
      lock = defaultLock,
      random = Math.random,
    } = this.#options;
    if (!comment || pullRequest === undefined) return;
    try {
      await contributeToComment(
        await this.#connect(),
        pullRequest,
        records.map((record) => this.#part(record, pullRequest.commit)),
        { ...lock, random, signal },
      );
    } catch (error) {
      const trouble = githubTrouble(error, "pull-requests: write");
      this.#options.tell(
        `The pull request's comment was not written: ${trouble}. The job summary says the same`,
      );
    }
  }

  #part(record: RunRecord, commit: string): CommentPart {
    const { run, matrix } = this.#options;
    const values = matrixValues(matrix);
    const key = JSON.stringify([run.job, record.projectPath ?? record.slug ?? "", values]);
    // The verdict of a run that failed does not name its project.
    const names = [...(record.failure === undefined ? [] : [record.slug ?? ""]), ...values].filter(Boolean);
    const label = names.length === 0 ? "" : ` (${inlineCode(cut(names.join(", "), 60))})`;
    return {
      key: createHash("sha256").update(key).digest("hex").slice(0, 16),
      commit,
      failed: record.failure !== undefined,
      title: `${headline(record)}${label}`,
      runUrl: run.runUrl,
      sections: sectionsOf(record),
      leftOut: [],
    };
  }

  #connect(): Promise<GitHubClient> {
    const { run, token, signal, limits, random } = this.#options;
    this.#client ??= createGitHubClient(
      { apiUrl: run.apiUrl, owner: run.owner, repo: run.repo, token },
      {
        signal,
        ...(limits === undefined ? {} : { limits }),
        ...(random === undefined ? {} : { random }),
      },
    );
    return this.#client;
  }
}

/** The values of a flat matrix in the order of their names; a nested value as its JSON. */
function matrixValues(matrix: string): string[] {
  try {
    const value: unknown = JSON.parse(matrix || "null");
    if (typeof value !== "object" || value === null) return [];
    return Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, entry]) => (typeof entry === "string" ? entry : JSON.stringify(entry)));
  } catch {
    return [];
  }
}
