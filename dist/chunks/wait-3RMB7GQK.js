import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{a,b}from"./chunk-WIJNZPAC.js";import"./chunk-EFMZSEAL.js";import"./chunk-BQVTVQT6.js";import"./chunk-YIRX4KAQ.js";import"./chunk-UF3TYAUH.js";import"./chunk-6REBNCRS.js";export{b as hasEnded,a as waitForJob};
