const modules={"chunk-ONY46L6Z.js":(function(module,exports){var u=Object.defineProperty;var g=Object.getOwnPropertyDescriptor;var $=Object.getOwnPropertyNames;var w=Object.prototype.hasOwnProperty;var d=(r,e)=>{for(var l in e)u(r,l,{get:e[l],enumerable:!0})},b=(r,e,l,n)=>{if(e&&typeof e=="object"||typeof e=="function")for(let t of $(e))!w.call(r,t)&&t!==l&&u(r,t,{get:()=>e[t],enumerable:!(n=g(e,t))||n.enumerable});return r};var h=r=>b(u({},"__esModule",{value:!0}),r);var m={};d(m,{a:()=>c,b:()=>p,c:()=>f,d:()=>A,e:()=>a});module.exports=h(m);var C=/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu,j=/[&<>"'`|*_~[\]\\$@#:]/g;function c(r){return r.replaceAll(`\r
`,`
`).replace(C,e=>`\\u${(e.codePointAt(0)??0).toString(16).padStart(4,"0")}`)}function p(r,e=300){return`<code>${o(c(a(r,e)).replaceAll(`
`,"\\n"))}</code>`}function f(r,e=4e3){return`<pre>${o(c(a(r,e)))}</pre>`}function A(r,e=1e3){let l=c(a(r,e)).replaceAll(`
`," ").split("`"),n=l.length%2===1;return l.map((t,i)=>{if(n&&i%2===1)return p(t,e);let s=i>0&&!n?`\`${t}`:t;return o(s).replaceAll(/&#(?:64|35);/g,"$&<wbr>")}).join("")}function a(r,e){let l=Array.from(r.slice(0,e*2+1));return l.length<=e?r:`${l.slice(0,e-1).join("")}\u2026`}function o(r){return r.replace(j,e=>`&#${e.charCodeAt(0)};`).replaceAll(/\bwww(?=\.)/gi,"ww&#119;").replaceAll("&#64;","<wbr>&#64;")}0&&(module.exports={a,b,c,d,e});
})};
const loaded=new Map();
const packed=(name)=>{
let module=loaded.get(name);
if(module===undefined){
module={exports:{}};
loaded.set(name,module);
modules[name](module,module.exports);
}
return module.exports;
};
module.exports=packed;
