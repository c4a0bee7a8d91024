import type { Client } from "@connectrpc/connect";
import type { WorkerService } from "../api/gen/workflows/v1/worker_pb.ts";
import { withQuietSessions } from "../api/http2-sessions.ts";
import type { TaskIdentifier } from "../engine/task-identifier.ts";
import type { Endpoint } from "./endpoint.ts";

/** What a worker that may still be starting says when it is asked for its tasks. */
export type TasksAnswer =
  /** In the order of registration. */
  | { readonly kind: "tasks"; readonly tasks: readonly TaskIdentifier[] }
  /** It answers, but still imports the user's module. */
  | { readonly kind: "loading" }
  /** No answer: not listening yet, about to end, or an import that holds Python's interpreter lock. */
  | { readonly kind: "silent" }
  /** Something else answered. */
  | { readonly kind: "foreign"; readonly status: string };

export interface WorkerClient extends Disposable {
  readonly rpc: Client<typeof WorkerService>;
  /** Asks for the registered tasks; never rejects. */
  askForTasks(withinMs: number): Promise<TasksAnswer>;
  /** Whether a call failed because the connection broke, and not because the worker said so. */
  cutOff(error: unknown): boolean;
}

/**
 * A gRPC client over the worker's socket, with its token on every call. connect-node is loaded here
 * and not before: it takes longer to load than everything else of a build, and the worker's own
 * start hides it.
 *
 * No pings: the Python server ends a session after four of them. No message limits of ours: a task's
 * sub-tasks may take more than 4 MiB.
 */
export async function createWorkerClient(endpoint: Endpoint): Promise<WorkerClient> {
  const [{ Code, ConnectError, createClient }, { createGrpcTransport, Http2SessionManager }, unary, worker] =
    await Promise.all([
      import("@connectrpc/connect"),
      import("@connectrpc/connect-node"),
      import("../api/grpc-unary.ts"),
      import("../api/gen/workflows/v1/worker_pb.ts"),
    ]);
  const manager = new Http2SessionManager("http://worker", {}, { createConnection: endpoint.connect });
  const sessions = withQuietSessions(manager);
  const authorization = `Bearer ${endpoint.token}`;
  const transport = unary.createGrpcUnaryTransport({
    sessions,
    headers: { authorization },
    defaultTimeoutMs: undefined,
    maxAnswerBytes: Number.POSITIVE_INFINITY,
    streams: createGrpcTransport({
      baseUrl: "http://worker",
      acceptCompression: [],
      sessionManager: sessions,
      interceptors: [
        (next) => (request) => {
          request.header.set("authorization", authorization);
          return next(request);
        },
      ],
    }),
  });
  const rpc = createClient(worker.WorkerService, transport);
  // A worker that ends cancels its calls, in its own words or in HTTP/2's.
  const cutOff = (error: unknown): boolean => {
    const { code, cause } = ConnectError.from(error);
    return code === Code.Canceled || isSystemError(cause);
  };
  return {
    rpc,
    cutOff,
    askForTasks: async (withinMs) => {
      try {
        const { identifiers } = await rpc.listRegisteredTasks({}, { timeoutMs: withinMs });
        return { kind: "tasks", tasks: identifiers.map(({ name, version }) => ({ name, version })) };
      } catch (error) {
        const { code, rawMessage } = ConnectError.from(error);
        if (code === Code.DeadlineExceeded || cutOff(error)) return { kind: "silent" };
        if (code === Code.Unavailable) return { kind: "loading" };
        return { kind: "foreign", status: `${Code[code]}: ${rawMessage}` };
      }
    },
    [Symbol.dispose]: () => manager.abort(),
  };
}

/** connect ENOENT, ECONNREFUSED and their like: they come with codes that also mean other things. */
function isSystemError(cause: unknown): boolean {
  return cause instanceof Error && "syscall" in cause;
}
