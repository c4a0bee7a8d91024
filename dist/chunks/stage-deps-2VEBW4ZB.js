import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{a}from"./chunk-FTKGNMXQ.js";import"./chunk-6REBNCRS.js";export{a as stageDeps};
