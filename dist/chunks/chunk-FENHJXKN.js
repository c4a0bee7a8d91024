var c=Object.defineProperty;var L=Object.getOwnPropertyDescriptor;var h=Object.getOwnPropertyNames;var A=Object.prototype.hasOwnProperty;var I=(e,n)=>{for(var r in n)c(e,r,{get:n[r],enumerable:!0})},S=(e,n,r,s)=>{if(n&&typeof n=="object"||typeof n=="function")for(let t of h(n))!A.call(e,t)&&t!==r&&c(e,t,{get:()=>n[t],enumerable:!(s=L(n,t))||s.enumerable});return e};var b=e=>S(c({},"__esModule",{value:!0}),e);var d={};I(d,{a:()=>u,b:()=>p,c:()=>T,d:()=>g,e:()=>R,f:()=>y,g:()=>N,h:()=>i});module.exports=b(d);var l=require("./chunk-DWR5BQBZ.js"),f=require("./action-command-check-run-build-api.js")("chunk-MO652XKM.js"),a=require("node:fs"),E=require("node:sqlite"),u="control-plane.sqlite",p="control-plane.lock",O=5e3;function T(e){let n=new E.DatabaseSync(e,{timeout:O,enableForeignKeyConstraints:!0});try{n.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA fullfsync = ON;
      PRAGMA checkpoint_fullfsync = ON;
    `)}catch(r){throw n.close(),r}return n}function g(e){try{(0,a.mkdirSync)(e,{recursive:!0,mode:448})}catch(n){let r=n instanceof Error?n.message:String(n);throw new f.c("store-failed",`The data folder ${e} cannot be made: ${r}`,{cause:n})}}function R(e){if(process.platform==="win32")return;let n=(0,a.openSync)(e,"r");try{(0,a.fsyncSync)(n)}finally{(0,a.closeSync)(n)}}var M=`
  CREATE TABLE IF NOT EXISTS migrations (
    number        INTEGER PRIMARY KEY,
    name          TEXT NOT NULL,
    breaking      INTEGER NOT NULL CHECK (breaking IN (0, 1)),
    applied_at_ms INTEGER NOT NULL
  ) STRICT;
`;function y(e,n){let{migrations:r,clock:s}=n;e.exec("BEGIN IMMEDIATE");try{e.exec(M);let t=i(e);(0,l.O)(t,r);for(let[m,o]of r.entries())m<t.length||(e.exec(typeof o.sql=="string"?o.sql:o.sql.sqlite),e.prepare("INSERT INTO migrations (number, name, breaking, applied_at_ms) VALUES (?, ?, ?, ?)").run(m+1,o.name,o.breaking?1:0,s()));e.exec("COMMIT")}catch(t){throw e.isTransaction&&e.exec("ROLLBACK"),t}}function N(e,n){if(e.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").get()===void 0)return!1;let r=i(e);return(0,l.O)(r,n),r.length>=n.length}function i(e){return e.prepare("SELECT number, name, breaking FROM migrations ORDER BY number").all()}0&&(module.exports={a,b,c,d,e,f,g,h});
