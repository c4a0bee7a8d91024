var s=Object.defineProperty;var y=Object.getOwnPropertyDescriptor;var N=Object.getOwnPropertyNames;var A=Object.prototype.hasOwnProperty;var L=(e,n)=>{for(var r in n)s(e,r,{get:n[r],enumerable:!0})},b=(e,n,r,i)=>{if(n&&typeof n=="object"||typeof n=="function")for(let t of N(n))!A.call(e,t)&&t!==r&&s(e,t,{get:()=>n[t],enumerable:!(i=y(n,t))||i.enumerable});return e};var h=e=>b(s({},"__esModule",{value:!0}),e);var M={};L(M,{a:()=>u,b:()=>T,c:()=>p,d:()=>g,e:()=>R});module.exports=h(M);var c=require("./chunk-MNIFKDVJ.js"),E=require("./action-command-run-build-api.js")("chunk-IMQLOR53.js"),a=require("node:fs"),f=require("node:sqlite"),I=5e3;function u(e){let n=new f.DatabaseSync(e,{timeout:I,enableForeignKeyConstraints:!0});try{n.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA fullfsync = ON;
      PRAGMA checkpoint_fullfsync = ON;
    `)}catch(r){throw n.close(),r}return n}function T(e){try{(0,a.mkdirSync)(e,{recursive:!0,mode:448})}catch(n){let r=n instanceof Error?n.message:String(n);throw new E.c("store-failed",`The data folder ${e} cannot be made: ${r}`,{cause:n})}}function p(e){if(process.platform==="win32")return;let n=(0,a.openSync)(e,"r");try{(0,a.fsyncSync)(n)}finally{(0,a.closeSync)(n)}}var S=`
  CREATE TABLE IF NOT EXISTS migrations (
    number        INTEGER PRIMARY KEY,
    name          TEXT NOT NULL,
    breaking      INTEGER NOT NULL CHECK (breaking IN (0, 1)),
    applied_at_ms INTEGER NOT NULL
  ) STRICT;
`;function g(e,n){let{migrations:r,clock:i}=n;e.exec("BEGIN IMMEDIATE");try{e.exec(S);let t=m(e);(0,c.K)(t,r);for(let[l,o]of r.entries())l<t.length||(e.exec(typeof o.sql=="string"?o.sql:o.sql.sqlite),e.prepare("INSERT INTO migrations (number, name, breaking, applied_at_ms) VALUES (?, ?, ?, ?)").run(l+1,o.name,o.breaking?1:0,i()));e.exec("COMMIT")}catch(t){throw e.isTransaction&&e.exec("ROLLBACK"),t}}function R(e,n){if(e.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").get()===void 0)return!1;let r=m(e);return(0,c.K)(r,n),r.length>=n.length}function m(e){return e.prepare("SELECT number, name, breaking FROM migrations ORDER BY number").all()}0&&(module.exports={a,b,c,d,e});
