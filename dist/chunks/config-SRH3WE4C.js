import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{a,b,c,d,e,f}from"./chunk-SYX65LMS.js";import"./chunk-6REBNCRS.js";export{c as getCacheMode,f as getCacheServiceURL,b as getCacheServiceVersion,d as isCacheReadable,e as isCacheWritable,a as isGhes};
