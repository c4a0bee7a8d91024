import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{a}from"./chunk-BDIXEAEM.js";import"./chunk-6REBNCRS.js";export default a();
