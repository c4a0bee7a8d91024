import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{d as a}from"./chunk-OCSBVON5.js";import"./chunk-WKZHAHCB.js";import"./chunk-PAC5MXTM.js";import"./chunk-43AVFQNV.js";import"./chunk-XI4ULOKZ.js";import"./chunk-6REBNCRS.js";export{a as openSqliteStore};
