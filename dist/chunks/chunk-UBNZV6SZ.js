var l=Object.defineProperty;var b=Object.getOwnPropertyDescriptor;var h=Object.getOwnPropertyNames;var I=Object.prototype.hasOwnProperty;var O=(e,n)=>{for(var r in n)l(e,r,{get:n[r],enumerable:!0})},d=(e,n,r,s)=>{if(n&&typeof n=="object"||typeof n=="function")for(let a of h(n))!I.call(e,a)&&a!==r&&l(e,a,{get:()=>n[a],enumerable:!(s=b(n,a))||s.enumerable});return e};var S=e=>d(l({},"__esModule",{value:!0}),e);var C={};O(C,{a:()=>p,b:()=>T,c:()=>R,d:()=>g,e:()=>y,f:()=>N,g:()=>L,h:()=>A,i:()=>i});module.exports=S(C);var m=require("./chunk-F5HUZBL5.js"),c=require("./action-command-check-run-build-api.js")("chunk-AXJTV5ND.js"),t=require("node:fs"),u=require("node:sqlite"),p="control-plane.sqlite",T="control-plane.lock",M=5e3;function R(e){let n=new u.DatabaseSync(e,{timeout:M,enableForeignKeyConstraints:!0});try{n.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA fullfsync = ON;
      PRAGMA checkpoint_fullfsync = ON;
    `)}catch(r){throw n.close(),r}return n}function g(e){try{(0,t.mkdirSync)(e,{recursive:!0,mode:448})}catch(n){let r=(0,c.f)(n);throw new c.d("store-failed",`The data folder ${e} cannot be made: ${r}`,{cause:n})}}function y(e){process.platform!=="win32"&&E(e,"r")}function N(e){E(e,"r+")}function E(e,n){let r=(0,t.openSync)(e,n);try{(0,t.fsyncSync)(r)}finally{(0,t.closeSync)(r)}}var k=`
  CREATE TABLE IF NOT EXISTS migrations (
    number        INTEGER PRIMARY KEY,
    name          TEXT NOT NULL,
    breaking      INTEGER NOT NULL CHECK (breaking IN (0, 1)),
    applied_at_ms INTEGER NOT NULL
  ) STRICT;
`;function L(e,n){let{migrations:r,clock:s}=n;e.exec("BEGIN IMMEDIATE");try{e.exec(k);let a=i(e);(0,m.O)(a,r);for(let[f,o]of r.entries())f<a.length||(e.exec(typeof o.sql=="string"?o.sql:o.sql.sqlite),e.prepare("INSERT INTO migrations (number, name, breaking, applied_at_ms) VALUES (?, ?, ?, ?)").run(f+1,o.name,o.breaking?1:0,s()));e.exec("COMMIT")}catch(a){throw e.isTransaction&&e.exec("ROLLBACK"),a}}function A(e,n){if(e.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").get()===void 0)return!1;let r=i(e);return(0,m.O)(r,n),r.length>=n.length}function i(e){return e.prepare("SELECT number, name, breaking FROM migrations ORDER BY number").all()}0&&(module.exports={a,b,c,d,e,f,g,h,i});
