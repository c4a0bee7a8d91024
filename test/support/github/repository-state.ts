/** What the fake GitHub keeps of one repository. Ids rise in the order of creation, as GitHub's do. */

export interface Account {
  readonly login: string;
  readonly type: "Bot" | "User";
}

export interface StoredComment {
  readonly id: number;
  readonly issue: number;
  readonly author: Account;
  readonly createdAt: string;
  body: string;
}

export interface StoredReaction {
  readonly id: number;
  readonly comment: number;
  readonly author: Account;
  readonly content: string;
}

export interface StoredStatus {
  readonly id: number;
  readonly state: string;
  readonly description: string;
  readonly logUrl: string;
}

export interface StoredDeployment {
  readonly id: number;
  readonly sha: string;
  readonly ref: string;
  readonly task: string;
  readonly environment: string;
  readonly description: string | null;
  readonly payload: unknown;
  readonly transient: boolean;
  readonly production: boolean;
  readonly creator: Account;
  /** Oldest first. */
  readonly statuses: StoredStatus[];
}

export interface StoredPullRequest {
  headSha: string;
  locked: boolean;
}

export class RepositoryState {
  readonly pullRequests = new Map<number, StoredPullRequest>();
  readonly comments: StoredComment[] = [];
  readonly reactions: StoredReaction[] = [];
  readonly deployments: StoredDeployment[] = [];
  /** Parents by commit, for comparing. */
  readonly commits = new Map<string, readonly string[]>();
  #lastId = 1000;

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  addComment(issue: number, author: Account, body: string): StoredComment {
    const comment = { id: this.nextId(), issue, author, createdAt: "2026-11-24T12:00:00Z", body };
    this.comments.push(comment);
    return comment;
  }

  removeComment(id: number): boolean {
    const index = this.comments.findIndex((comment) => comment.id === id);
    if (index < 0) return false;
    this.comments.splice(index, 1);
    return true;
  }

  /** A status as GitHub adds it: with `auto_inactive` a success ends the environment's earlier successes. */
  addStatus(
    deployment: StoredDeployment,
    status: Omit<StoredStatus, "id">,
    autoInactive: boolean,
  ): StoredStatus {
    const stored = { ...status, id: this.nextId() };
    deployment.statuses.push(stored);
    if (status.state === "success" && autoInactive) {
      for (const other of this.deployments) {
        if (other.id >= deployment.id || other.environment !== deployment.environment) continue;
        if (other.transient || other.production || other.statuses.at(-1)?.state !== "success") continue;
        other.statuses.push({ id: this.nextId(), state: "inactive", description: "", logUrl: "" });
      }
    }
    return stored;
  }

  /** The commit itself and everything it was made from. */
  historyOf(sha: string): ReadonlySet<string> {
    const history = new Set<string>();
    const waiting = [sha];
    for (let commit = waiting.pop(); commit !== undefined; commit = waiting.pop()) {
      if (history.has(commit)) continue;
      history.add(commit);
      waiting.push(...(this.commits.get(commit) ?? []));
    }
    return history;
  }
}
