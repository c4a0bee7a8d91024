import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{a}from"./chunk-3PNLLL5X.js";import{g as o}from"./chunk-XI4ULOKZ.js";function d(e,t){return[t,...n(e.message),...e.problems.flatMap(({message:r,file:i,line:l,column:p,hint:s})=>{let u=i===void 0?"":`${[i,l,p].filter(Boolean).join(":")}: `;return n(`- ${u}${r}${s===void 0?"":` (${s})`}`)}),...o(e).slice(1).flatMap(r=>n(`caused by: ${r}`)),...n(`What to do: ${e.next}`)]}function n(e){return a(e).split(`
`).map(t=>`  ${t}`)}export{d as a};
