/** `npm run bench -- NAME [PART...]`: what it costs, against what one would use instead, side by side in one run. */

const benches: Readonly<Record<string, (...parts: string[]) => Promise<void>>> = {
  build: async (part) => (await import("./build.ts")).benchBuild(part),
  growth: async () => (await import("./growth.ts")).benchGrowth(),
  discovery: async () => (await import("./discovery.ts")).benchDiscovery(),
  start: async () => (await import("./start.ts")).benchStart(),
  warm: async (part) => (await import("./warm.ts")).benchWarm(part),
  queue: async (...parts) => (await import("./queue.ts")).benchQueue(...parts),
  runner: async (rounds) => (await import("./runner.ts")).benchRunner(rounds),
};

const [name = "", ...parts] = process.argv.slice(2);
const bench = benches[name];
if (bench === undefined) {
  console.error(`usage: npm run bench -- ${Object.keys(benches).join("|")}`);
  process.exitCode = 2;
} else await bench(...parts);
