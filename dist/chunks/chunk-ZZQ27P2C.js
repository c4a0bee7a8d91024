import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
var t=".workflow-release";function o(e){return`${e}.tar.zst`}export{t as a,o as b};
