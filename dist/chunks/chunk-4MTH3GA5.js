import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
function p(t){let o=new WeakSet;return{authority:t.authority,async request(n,r,i,a){let s=await t.request(n,r,i,a),{session:e}=s;return e!==void 0&&!o.has(e)&&(o.add(e),e.on("error",()=>{})),s},notifyResponseByteRead:n=>t.notifyResponseByteRead(n)}}export{p as a};
