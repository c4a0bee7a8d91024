/** A process that starts a worker and waits: to be killed while it does. Arguments: folder, module:object. */
import { start } from "./workers.ts";

const [, , folder, objectPath] = process.argv;
if (folder === undefined || objectPath === undefined) throw new Error("usage: FOLDER MODULE:OBJECT");
console.log("starting");
await start(folder, objectPath);
console.log("ready");
setInterval(() => {}, 1_000);
