import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{a}from"./chunk-OHZJ7573.js";import"./chunk-GTVNSGEO.js";import"./chunk-2WYDKCOL.js";import"./chunk-TRDLNLAU.js";import"./chunk-UF3TYAUH.js";import"./chunk-6REBNCRS.js";export{a as submitJob};
