import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{a,b}from"./chunk-RT6ZNFVC.js";import"./chunk-KP3A6BFN.js";import"./chunk-VONP6VXR.js";import"./chunk-43AVFQNV.js";import"./chunk-6REBNCRS.js";export{a as eventLine,b as eventRecord};
