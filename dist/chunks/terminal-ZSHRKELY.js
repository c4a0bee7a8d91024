import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{a}from"./chunk-VVCAY4BM.js";import"./chunk-3PNLLL5X.js";import"./chunk-XI4ULOKZ.js";import"./chunk-6REBNCRS.js";export{a as errorLines};
