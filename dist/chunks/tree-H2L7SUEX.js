import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{a,b}from"./chunk-SWHITFHC.js";import"./chunk-QMEUGUKV.js";import"./chunk-43AVFQNV.js";import"./chunk-GTVNSGEO.js";import"./chunk-2WYDKCOL.js";import"./chunk-UF3TYAUH.js";import"./chunk-6REBNCRS.js";export{b as eachTask,a as readTaskTree};
