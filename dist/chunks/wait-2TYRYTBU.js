import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{a,b}from"./chunk-4ZLKBFLF.js";import"./chunk-GTVNSGEO.js";import"./chunk-2WYDKCOL.js";import"./chunk-UF3TYAUH.js";import"./chunk-6REBNCRS.js";export{b as hasEnded,a as waitForJob};
