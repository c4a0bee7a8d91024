import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{a as p}from"./chunk-3PNLLL5X.js";function c(t,n){let i=[t,...n].map(e=>e.map(r=>p(r).replaceAll(`
`,"\\n"))),s=t.map((e,r)=>Math.max(...i.map(o=>o[r]?.length??0)));return i.map(e=>e.map((r,o)=>r.padEnd(s[o]??0)).join("  ").trimEnd()).join(`
`)}function y({roots:t,cut:n}){let i=[],s=(r,o)=>{r.forEach((a,d)=>{let u=d===r.length-1,[T=""]=a.display.split(`
`),l=o===""&&r===t?"":u?"\u2514\u2500 ":"\u251C\u2500 ";i.push([o+l+T,f(a),m(a),g(a)]),s(a.children,l===""?" ":`${o}${u?"   ":"\u2502  "}`)})};s(t,"");let e=c(["TASK","STATE","TRIES","TIME"],i);return n?`${e}
There are more tasks than these.`:e}function f({state:t,optional:n}){return n?`${t} (optional)`:t}function m({retries:t,startedAtMs:n}){return n===void 0?"":String(t+1)}function g({startedAtMs:t,stoppedAtMs:n}){return t===void 0||n===void 0?"":h(n-t)}function h(t){return t<1e3?`${Math.round(t)} ms`:t<6e4?`${(t/1e3).toFixed(1)} s`:`${Math.floor(t/6e4)} min ${Math.round(t%6e4/1e3)} s`}export{c as a,y as b,h as c};
