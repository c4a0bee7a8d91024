/** Takes the logs and spans that a worker exports, so that its end does not wait for an address nobody answers. */
import { createServer } from "node:http";

export interface TelemetrySink extends AsyncDisposable {
  readonly url: string;
  /** The request paths so far. */
  readonly paths: readonly string[];
}

export async function createTelemetrySink(): Promise<TelemetrySink> {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? "");
    request.resume().on("end", () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server without a port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    paths,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
