import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{a}from"./chunk-JZPFDOT6.js";import"./chunk-6REBNCRS.js";export{a as stageDeps};
