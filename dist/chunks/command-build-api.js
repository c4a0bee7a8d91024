const modules={"chunk-3BQFJ326.js":(function(module,exports){var e=Object.defineProperty;var c=Object.getOwnPropertyDescriptor;var p=Object.getOwnPropertyNames;var l=Object.prototype.hasOwnProperty;var u=(t,i)=>{for(var o in i)e(t,o,{get:i[o],enumerable:!0})},h=(t,i,o,n)=>{if(i&&typeof i=="object"||typeof i=="function")for(let a of p(i))!l.call(t,a)&&a!==o&&e(t,a,{get:()=>i[a],enumerable:!(n=c(i,a))||n.enumerable});return t};var v=t=>h(e({},"__esModule",{value:!0}),t);var w={};u(w,{a:()=>s,b:()=>f});module.exports=v(w);var r=require("./action-command-build-api.js")("chunk-YSYAPX4D.js"),d=require("./action-command-run-build-api.js")("chunk-IMQLOR53.js");function s(t){let i=t.id===void 0?void 0:(0,r.b)(t.id.uuid);if(i===void 0)throw new d.c("api-failed","The control plane answered with a release that has no id");return{id:i,fingerprint:t.content?.fingerprint??"",digest:t.artifact?.digest??""}}function f(t){let i=(0,r.a)(t.toLowerCase());return i===void 0?void 0:(0,r.c)(i)}0&&(module.exports={a,b});
}),
"chunk-GFPAJVL5.js":(function(module,exports){var t=Object.defineProperty;var s=Object.getOwnPropertyDescriptor;var v=Object.getOwnPropertyNames;var l=Object.prototype.hasOwnProperty;var c=(e,r)=>{for(var n in r)t(e,n,{get:r[n],enumerable:!0})},d=(e,r,n,o)=>{if(r&&typeof r=="object"||typeof r=="function")for(let i of v(r))!l.call(e,i)&&i!==n&&t(e,i,{get:()=>r[i],enumerable:!(o=s(r,i))||o.enumerable});return e};var b=e=>d(t({},"__esModule",{value:!0}),e);var j={};c(j,{a:()=>m,b:()=>u,c:()=>a,d:()=>f});module.exports=b(j);var N=/^v([0-9]+)\.([0-9]+)$/;function m(e){let r=N.exec(e);if(r===null)return;let[n,o]=[Number(r[1]),Number(r[2])];return Number.isSafeInteger(n)&&Number.isSafeInteger(o)?{major:n,minor:o}:void 0}function u(e){let r=m(e.version);return r===void 0?void 0:{name:e.name,version:e.version,...r}}function a(e,r){return e.name===r.name&&e.major===r.major&&e.minor>=r.minor}function f(e,r){let n;for(let o of e)a(o,r)&&(n===void 0||o.minor>n.minor)&&(n=o);return n}0&&(module.exports={a,b,c,d});
}),
"chunk-OE5Y2PHT.js":(function(module,exports){var n=Object.defineProperty;var v=Object.getOwnPropertyDescriptor;var b=Object.getOwnPropertyNames;var d=Object.prototype.hasOwnProperty;var g=(t,e)=>{for(var a in e)n(t,a,{get:e[a],enumerable:!0})},w=(t,e,a,o)=>{if(e&&typeof e=="object"||typeof e=="function")for(let r of b(e))!d.call(t,r)&&r!==a&&n(t,r,{get:()=>e[r],enumerable:!(o=v(e,r))||o.enumerable});return t};var x=t=>w(n({},"__esModule",{value:!0}),t);var h={};g(h,{a:()=>i,b:()=>l,c:()=>m});module.exports=x(h);var s=require("./action-command-build-api.js")("chunk-QQVGOLS5.js"),c=require("./action-command-run-build-api.js")("chunk-IMQLOR53.js"),i="workflow-release-expects",l=12*1024;function m(t,{reason:e,gates:a,expected:o}){let r=(0,s.c)({...t,reason:e,...a===void 0?{}:{gates:a}});if(o===void 0)return{[s.b]:r};let f=JSON.stringify(Object.fromEntries([...o].map(([p,u])=>[p,u??null])));if(f.length>l)throw new c.b("request-invalid",`${o.size} clusters are too many for one call`,{next:"Deploy to them in several calls."});return{[s.b]:r,[i]:f}}0&&(module.exports={a,b,c});
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
