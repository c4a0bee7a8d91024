import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
var e={maxFiles:2e5,maxFileSizeBytes:268435456,maxTarSizeBytes:1073741824,maxArchiveSizeBytes:1090519040};export{e as a};
