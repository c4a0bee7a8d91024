import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below the ports that systems hand out to those who connect: one of these may be taken while a server is
 * stopped for a moment, and whoever tries to reach it there may even reach itself.
 */
const range = { least: 15_000, most: 32_000 } as const;
const attempts = 20;

/** Another process may take the port before the server has it; then starting that fails, and says so. */
export async function freePort(): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = range.least + Math.floor(Math.random() * (range.most - range.least));
    try {
      const probe = createServer().listen(port, "127.0.0.1");
      await once(probe, "listening");
      probe.close();
      await once(probe, "close");
      return port;
    } catch (error) {
      if (attempt === attempts) throw error;
    }
  }
}
