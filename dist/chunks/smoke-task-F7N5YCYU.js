import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{b as a,c as b}from"./chunk-Z4VCQVRD.js";import"./chunk-XI4ULOKZ.js";import"./chunk-6REBNCRS.js";export{a as parseSmokeTask,b as readSmokeTask};
