import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
var p=/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu,g=/[&<>"'`|*_~[\]\\$@#:]/g;function c(r){return r.replaceAll(`\r
`,`
`).replace(p,n=>`\\u${(n.codePointAt(0)??0).toString(16).padStart(4,"0")}`)}function a(r,n=300){return`<code>${i(c(o(r,n)).replaceAll(`
`,"\\n"))}</code>`}function f(r,n=4e3){return`<pre>${i(c(o(r,n)))}</pre>`}function A(r,n=1e3){let e=c(o(r,n)).replaceAll(`
`," ").split("`"),s=e.length%2===1;return e.map((t,l)=>{if(s&&l%2===1)return a(t,n);let u=l>0&&!s?`\`${t}`:t;return i(u).replaceAll(/&#(?:64|35);/g,"$&<wbr>")}).join("")}function o(r,n){let e=Array.from(r.slice(0,n*2+1));return e.length<=n?r:`${e.slice(0,n-1).join("")}\u2026`}function i(r){return r.replace(g,n=>`&#${n.charCodeAt(0)};`).replaceAll(/\bwww(?=\.)/gi,"ww&#119;").replaceAll("&#64;","<wbr>&#64;")}export{c as a,a as b,f as c,A as d,o as e};
