const modules={"chunk-T2ZAPF5P.js":(function(module,exports){var o=Object.defineProperty;var p=Object.getOwnPropertyDescriptor;var v=Object.getOwnPropertyNames;var c=Object.prototype.hasOwnProperty;var d=(s,e)=>{for(var t in e)o(s,t,{get:e[t],enumerable:!0})},$=(s,e,t,r)=>{if(e&&typeof e=="object"||typeof e=="function")for(let n of v(e))!c.call(s,n)&&n!==t&&o(s,n,{get:()=>e[n],enumerable:!(r=p(e,n))||r.enumerable});return s};var l=s=>$(o({},"__esModule",{value:!0}),s);var g={};d(g,{a:()=>m,b:()=>u});module.exports=l(g);var h=require("./command-build-api.js")("chunk-GFPAJVL5.js"),f=256,S=/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u;function m(s){let e=[],t=new Set;for(let r of s){let n=JSON.stringify(r.name),a=[...r.name].length;a===0&&e.push(`A task of version ${JSON.stringify(r.version)} has no name`),a>f&&e.push(`The task name ${n} has ${a} characters; at most ${f} are allowed`),S.test(r.name)||e.push(`The task name ${n} holds characters that cannot be printed`),(0,h.a)(r.version)===void 0&&e.push(`The version ${JSON.stringify(r.version)} of task ${n} is not vMAJOR.MINOR in ASCII digits, as in v1.0`);let i=JSON.stringify([r.name,r.version]);t.has(i)&&e.push(`The task ${n} is registered twice with version ${r.version}`),t.add(i)}return e}function u(s){return s.toSorted((e,t)=>Buffer.compare(Buffer.from(e.name),Buffer.from(t.name))||Buffer.compare(Buffer.from(e.version),Buffer.from(t.version)))}0&&(module.exports={a,b});
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
