import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{a}from"./chunk-35DS7JYD.js";import"./chunk-467EWHL6.js";import"./chunk-54W3756O.js";import"./chunk-4L5LTYS3.js";import"./chunk-PBXMVPGW.js";import"./chunk-XI4ULOKZ.js";import"./chunk-BDIXEAEM.js";import"./chunk-6REBNCRS.js";export{a as verifyArchive};
