import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{rename as e,writeFile as a}from"node:fs/promises";import{join as n}from"node:path";var o="build.json";async function s(i,r){let t=n(i,`${o}.partial`);await a(t,`${JSON.stringify(r,void 0,2)}
`),await e(t,n(i,o))}export{o as a,s as b};
