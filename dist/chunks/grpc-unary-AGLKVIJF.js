import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{a}from"./chunk-PQCGH4DO.js";import"./chunk-HP77XX2W.js";import"./chunk-HXWOB5C4.js";import"./chunk-TRDLNLAU.js";import"./chunk-UF3TYAUH.js";import"./chunk-6REBNCRS.js";export{a as createGrpcUnaryTransport};
