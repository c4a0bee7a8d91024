/** A control plane as a process of its own, for tests that kill it: DATA_FOLDER keys|none [DATABASE [ARTIFACTS]]. Prints its URL. */
import { randomBytes } from "node:crypto";
import { flushCompileCache } from "node:module";
import { argv, exit } from "node:process";
import { verifyArchive } from "../../src/artifact/verify.ts";
import { openControlPlane } from "../../src/server/control-plane.ts";
import { parseS3Location } from "../../src/server/s3-location.ts";

const [dataFolder, auth, database, artifacts] = argv.slice(2);
if (dataFolder === undefined || (auth !== "keys" && auth !== "none")) exit(2);

const controlPlane = await openControlPlane({
  dataFolder,
  database,
  artifacts: artifacts === undefined ? undefined : parseS3Location(artifacts),
  clock: Date.now,
  random: randomBytes,
  verify: verifyArchive,
  report: ({ what, reference, error }) => console.error(`${what} failed (${reference})`, error),
});
const listener = await controlPlane.listen([{ kind: "tcp", host: "127.0.0.1", port: 0 }], auth);
for (const address of listener.addresses) {
  if (address.kind === "tcp") console.log(`http://127.0.0.1:${address.port}`);
}
// Whoever kills this process starts it again a hundred times: compiling once is enough.
flushCompileCache();
process.once("SIGTERM", () => controlPlane.close(2_000));
