import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{a}from"./chunk-TOXO5DQR.js";import"./chunk-VONP6VXR.js";import"./chunk-6REBNCRS.js";export{a as createWatchdog};
