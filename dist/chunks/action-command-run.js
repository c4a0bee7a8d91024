const modules={"chunk-ZUGZMMXR.js":(function(module,exports){var n=Object.defineProperty;var d=Object.getOwnPropertyDescriptor;var m=Object.getOwnPropertyNames;var p=Object.prototype.hasOwnProperty;var f=(s,e)=>{for(var t in e)n(s,t,{get:e[t],enumerable:!0})},g=(s,e,t,r)=>{if(e&&typeof e=="object"||typeof e=="function")for(let o of m(e))!p.call(s,o)&&o!==t&&n(s,o,{get:()=>e[o],enumerable:!(r=d(e,o))||r.enumerable});return s};var b=s=>g(n({},"__esModule",{value:!0}),s);var v={};f(v,{a:()=>c,b:()=>u,c:()=>i,d:()=>l});module.exports=b(v);var a=require("./action-command-run-build-api.js")("chunk-IMQLOR53.js");function c(s,e){return{startedAtMs:s,...e===void 0?{}:{helpUrl:e},stage:"inputs",deployments:new Map,gates:[],overwrites:new Map,notices:[]}}function u({build:s,content:e}){return s??e}function i(s,e){s.failure={stage:s.stage,code:e.code,message:e.message,problems:e.problems,next:e.next,causes:(0,a.f)(e).slice(1)}}function l(s){return s.release?.outcome==="created"||[...s.deployments.values()].some(({outcome:e,before:t,after:r})=>e==="not-restored"||e==="deployed"&&t!==r)}0&&(module.exports={a,b,c,d});
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
