import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{a as p,c as f}from"./chunk-N6ZAWKHT.js";import"./chunk-F5GUUGSO.js";import"./chunk-YCIBIUWE.js";import"./chunk-DJAFBZ6S.js";import"./chunk-4L5LTYS3.js";import"./chunk-IHWRTSIP.js";import{a as d,b as g}from"./chunk-7ENPDH52.js";import"./chunk-E26GB3OY.js";import"./chunk-4S5YWNFM.js";import{a as R,b as h,c as s}from"./chunk-I3MYPM5L.js";import{d as c}from"./chunk-7GTVSJHC.js";import{b as m}from"./chunk-3PNLLL5X.js";import"./chunk-XI4ULOKZ.js";import"./chunk-6REBNCRS.js";var y=9e5;function j(t){let e=(i,a)=>[`## ${s(t)}`,...i.map(({markdown:n})=>n),...a.length===0?[]:[`<sub>Left out for length: ${a.map(({name:n})=>n).join(", ")}</sub>`]].join(`

`),r=f(t),{kept:o,leftOut:u}=p(r,i=>Buffer.byteLength(e(i,r))<=y);return`${e(o,u)}
`}function J(t,e){let r=JSON.stringify(t.map($)),[o,...u]=t;return u.length===0?{...d(o,e),projects:r}:{"workflow-slug":"","release-id":"",fingerprint:"","artifact-digest":"","artifact-path":"",tasks:"[]",published:"",changed:String(t.some(c)),deployments:"[]",projects:r,"report-path":e,"failure-reason":t.find(({failure:i})=>i!==void 0)?.failure?.code??""}}function $(t){let e=d(t,"");return{path:t.projectPath??"","workflow-slug":e["workflow-slug"],"release-id":e["release-id"],fingerprint:e.fingerprint,"artifact-digest":e["artifact-digest"],"artifact-path":e["artifact-path"],published:e.published,changed:c(t),deployments:[...t.deployments.values()],"failure-reason":e["failure-reason"]}}function V(t){let[e,...r]=t;return r.length===0?g(e):{ok:t.every(({failure:o})=>o===void 0),projects:t.map(o=>({path:o.projectPath,...g(o)}))}}function S(t){let[e,...r]=t;if(r.length===0)return R(e);let o=t.filter(({failure:n})=>n!==void 0).length;if(o>0)return`${o} of ${h(t.length,"project")} failed`;let u=t.filter(({release:n})=>n?.outcome==="created").length,i=t.filter(({release:n})=>n?.outcome==="reused").length,a=[u>0?`${u} published`:"",i>0?`${i} unchanged`:"",u+i===0?"built":""].filter(Boolean);return`${h(t.length,"project")}: ${a.join(", ")}`}function _(t){let[e,...r]=t;if(r.length===0)return j(e);let u=["| Project | |","| --- | --- |",...t.map(n=>`| ${m(n.projectPath??"")} | ${s(n)} |`)].join(`
`),i=n=>[`## ${t.some(({failure:l})=>l!==void 0)?"\u274C":"\u2705"} ${S(t)}`,u,...n.map(({markdown:l})=>l),...n.length<t.length?["<sub>Some projects are left out for length.</sub>"]:[]].join(`

`),{kept:a}=p(t.map(b),n=>Buffer.byteLength(i(n))<=y);return`${i(a)}
`}function b(t){let e=t.projectPath??"",r=f(t).map(({markdown:u})=>u),o=t.failure===void 0?"":" open";return{name:e,leaveOutRank:t.failure===void 0?2:1,markdown:`<details${o}><summary>${m(e)}: ${s(t)}</summary>

${r.join(`

`)}

</details>`}}export{J as runOutputs,V as runReport,_ as runSummary,S as runVerdict};
