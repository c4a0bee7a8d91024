import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{a,b}from"./chunk-N6HSN2CB.js";import"./chunk-6REBNCRS.js";export{b as awaitTracebacks,a as readTracebacks};
