import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{a as j,b as Ce,c as se,d as x,e as H,h as B,i as ae,j as he}from"./chunk-WKZHAHCB.js";import{b as Ie,d as Oe}from"./chunk-PAC5MXTM.js";import{d as Le}from"./chunk-43AVFQNV.js";import{d as w,e as M}from"./chunk-XI4ULOKZ.js";import{e as Ne,f as we}from"./chunk-6REBNCRS.js";import{join as rr,resolve as Qr}from"node:path";var ue="Default";function Ae(e,t){let r=e.length===0?[{kind:"default"}]:e,n=new Set,l=new Set;for(let u of r){let i=t.find(a=>u.kind==="default"?a.isDefault:a.slug===u.slug);i!==void 0?n.add(i):u.kind==="slug"&&l.add(u.slug)}return l.size>0?{kind:"unknown",slugs:[...l]}:{kind:"found",clusters:[...n]}}function De(e,t){return e.filter(r=>r.release!==t).map(r=>({cluster:r.cluster,before:r.release,after:t}))}function Me(e,t){return e.filter(r=>r.release===t).map(r=>({cluster:r.cluster,before:t,after:void 0}))}function je(e){return e.isDefault?"cluster-protected":e.hasDeployments||e.hasOpenJobs?"cluster-in-use":"deletable"}function Ue(e,t){return qe(e.content)===qe(t.content)&&ie(e.files)===ie(t.files)}function qe(e){return JSON.stringify([e.fingerprint,e.tasks.map(nr).sort(),e.runnerObjectPath,e.commandOverride])}function nr(e){return JSON.stringify([e.name,e.version])}function ie(e){return JSON.stringify(e.map(or).sort())}function or(e){return JSON.stringify([e.path,e.directory,ie(e.children)])}var sr=/^[A-Za-z0-9-]{1,100}$/;function Zr(e){return sr.test(e)?e:void 0}var P=14,ar="123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",ir=100-P-1;function ve(e,t){let r=e.normalize("NFKD").replace(new RegExp("\\p{M}","gu"),"").toLowerCase().replace(/[^a-z0-9]+/g,"-").slice(0,ir).replace(/^-|-$/g,""),n=ur(t);return r===""?n:`${r}-${n}`}function ur(e){let t="";for(;t.length<P;)for(let r of e(P))r<232&&t.length<P&&(t+=ar.charAt(r%58));return t}function p(e,t){let r=e.prepare(t);return{get:(...n)=>r.get(...n),all:(...n)=>r.all(...n),run:(...n)=>Number(r.run(...n).changes)}}function N(e){if(e===void 0)throw new Error("a row is missing that must be there");return e}var We=`
  CREATE TABLE artifacts (
    id                 TEXT PRIMARY KEY,
    digest             TEXT NOT NULL UNIQUE,
    tar_size_bytes     INTEGER NOT NULL,
    file_count         INTEGER NOT NULL,
    archive_sha256     TEXT NOT NULL,
    archive_size_bytes INTEGER NOT NULL,
    created_at_ms      INTEGER NOT NULL
  ) STRICT;
`,Ge=`
  CREATE TABLE contracts (
    fingerprint   TEXT PRIMARY KEY,
    json          TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) STRICT;
`;function le(e){return{insertUnlessKnown:p(e,`INSERT INTO artifacts (id, digest, tar_size_bytes, file_count, archive_sha256, archive_size_bytes,
         created_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING`),byId:p(e,"SELECT * FROM artifacts WHERE id = ?"),byDigest:p(e,"SELECT * FROM artifacts WHERE digest = ?"),insertContract:p(e,`INSERT INTO contracts (fingerprint, json, created_at_ms) VALUES (?, ?, ?)
       ON CONFLICT (fingerprint) DO NOTHING`),contract:p(e,"SELECT json FROM contracts WHERE fingerprint = ?")}}function Je(e){let{database:t,writer:r,clock:n,ids:l}=e,u=le(t);return{addArtifact:i=>r.submit(()=>{u.insertUnlessKnown.run(l.next(),i.digest,i.tarSizeBytes,i.fileCount,i.archiveSha256,i.archiveSizeBytes,n());let a=u.byDigest.get(i.digest);if(a===void 0)throw new Error(`artifact ${i.digest} is not where it was written`);return xe(a)}),findArtifact:i=>e.read(()=>{let a="id"in i?u.byId.get(i.id):u.byDigest.get(i.digest);return a===void 0?void 0:xe(a)}),addContract:({fingerprint:i,json:a})=>r.submit(()=>{u.insertContract.run(i,a,n())}),findContract:i=>e.read(()=>u.contract.get(i)?.json)}}function xe(e){return{id:e.id,digest:e.digest,tarSizeBytes:e.tar_size_bytes,fileCount:e.file_count,archiveSha256:e.archive_sha256,archiveSizeBytes:e.archive_size_bytes,createdAtMs:e.created_at_ms}}function Fe({tasks:e,canceled:t,started:r,openRootGroups:n}){return t?"canceled":e.failed>0?"failed":n===0?"completed":r?e.running>0?"running":e.computed+e["failed-optional"]>0?"started":"running":"submitted"}function A(e){switch(e){case"submitted":case"running":case"started":return!0;case"completed":case"failed":case"canceled":return!1}}function He(e,t){let{firstStartedMs:r,lastStoppedMs:n,computeMs:l}=t,u=r===void 0||n===void 0?void 0:Math.max(0,n-r);return{firstStartedMs:r,lastStoppedMs:n,computeMs:u===void 0?void 0:l,elapsedMs:u,parallelism:u===void 0?0:u===0?1:Math.max(1,l/u),totalTasks:x.reduce((i,a)=>i+e[a],0),tasksByState:x.map(i=>({state:i,count:e[i]})).filter(({count:i})=>i>0)}}var Pe=`
  CREATE TABLE jobs (
    sequence            INTEGER PRIMARY KEY,
    id                  TEXT NOT NULL UNIQUE,
    name                TEXT NOT NULL,
    folded_name         TEXT NOT NULL, -- lower case, for the filter by name
    trace_parent        TEXT NOT NULL,
    trace_id            TEXT NOT NULL, -- 32 hex characters of trace_parent, or empty
    automation_id       TEXT,
    state               INTEGER NOT NULL,
    canceled            INTEGER NOT NULL DEFAULT 0 CHECK (canceled IN (0, 1)),
    open_root_groups    INTEGER NOT NULL,
    front               INTEGER NOT NULL DEFAULT 0, -- lowest position given to a task
    queued              INTEGER NOT NULL DEFAULT 0,
    running             INTEGER NOT NULL DEFAULT 0,
    computed            INTEGER NOT NULL DEFAULT 0,
    failed              INTEGER NOT NULL DEFAULT 0,
    skipped             INTEGER NOT NULL DEFAULT 0,
    failed_optional     INTEGER NOT NULL DEFAULT 0,
    first_started_at_ms INTEGER,
    last_stopped_at_ms  INTEGER,
    compute_ms          INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX jobs_by_state ON jobs (state, id);
  CREATE INDEX jobs_by_trace ON jobs (trace_id, sequence);
  CREATE INDEX jobs_by_automation ON jobs (automation_id, id) WHERE automation_id IS NOT NULL;
  CREATE TABLE job_task_states (
    state  INTEGER NOT NULL,
    job_id TEXT NOT NULL,
    PRIMARY KEY (state, job_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE job_clusters (
    cluster TEXT NOT NULL,
    job_id  TEXT NOT NULL,
    PRIMARY KEY (cluster, job_id)
  ) STRICT, WITHOUT ROWID;
`,I={submitted:1,running:2,started:3,completed:4,failed:5,canceled:6},lr=new Map(Object.keys(I).map(e=>[I[e],e]));function L(e){let t=lr.get(e);if(t===void 0)throw new Error(`the store holds a job state ${e}`);return t}var Be=`sequence, id, name, trace_parent, automation_id, state, canceled, open_root_groups, front,
  queued, running, computed, failed, skipped, failed_optional, first_started_at_ms, last_stopped_at_ms,
  compute_ms`;function $(e){return{insert:p(e,`INSERT INTO jobs (id, name, folded_name, trace_parent, trace_id, automation_id, state, open_root_groups)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING sequence`),byId:p(e,`SELECT ${Be} FROM jobs WHERE id = ?`),bySequence:p(e,`SELECT ${Be} FROM jobs WHERE sequence = ?`),setCounts:p(e,`UPDATE jobs SET open_root_groups = ?, front = ?, queued = ?, running = ?, computed = ?, failed = ?,
         skipped = ?, failed_optional = ?, first_started_at_ms = ?, last_stopped_at_ms = ?, compute_ms = ?
       WHERE sequence = ?`),setState:p(e,"UPDATE jobs SET state = ?, canceled = ? WHERE sequence = ?"),addTaskState:p(e,"INSERT INTO job_task_states (state, job_id) VALUES (?, ?) ON CONFLICT DO NOTHING"),removeTaskState:p(e,"DELETE FROM job_task_states WHERE state = ? AND job_id = ?"),addCluster:p(e,"INSERT INTO job_clusters (cluster, job_id) VALUES (?, ?) ON CONFLICT DO NOTHING")}}var $e=`
  CREATE TABLE clusters (
    slug         TEXT PRIMARY KEY,
    display_name TEXT NOT NULL,
    description  TEXT NOT NULL,
    is_default   INTEGER NOT NULL CHECK (is_default IN (0, 1)),
    revision     INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE UNIQUE INDEX one_default_cluster ON clusters (is_default) WHERE is_default = 1;
`,dr=Object.keys(I).filter(A).map(e=>I[e]);function X(e){return{insert:p(e,"INSERT INTO clusters (slug, display_name, description, is_default) VALUES (?, ?, ?, ?)"),bySlug:p(e,"SELECT * FROM clusters WHERE slug = ?"),default:p(e,"SELECT * FROM clusters WHERE is_default = 1"),all:p(e,"SELECT * FROM clusters ORDER BY is_default DESC, slug"),update:p(e,`UPDATE clusters SET display_name = coalesce(?, display_name), description = coalesce(?, description)
       WHERE slug = ?`),raiseRevision:p(e,"UPDATE clusters SET revision = revision + 1 WHERE slug = ?"),anOpenJob:p(e,`SELECT sequence FROM jobs CROSS JOIN job_clusters ON job_id = jobs.id
       WHERE state IN (${dr.join(", ")}) AND cluster = ? LIMIT 1`),delete:p(e,"DELETE FROM clusters WHERE slug = ?")}}function U(e){return{slug:e.slug,displayName:e.display_name,description:e.description,isDefault:e.is_default===1}}import{EventEmitter as cr}from"node:events";var Q=class{#e=new cr().setMaxListeners(0);emit(t){this.#e.emit("change",t)}subscribe(t){return this.#e.on("change",t),()=>this.#e.off("change",t)}};function Xe(e,t,r){let{writer:n,read:l}=e;return{createCluster:({slug:u,displayName:i,description:a})=>n.submit(()=>{if(t.clusters.bySlug.get(u)!==void 0)throw new w("already-exists",`A cluster "${u}" exists already`);return t.clusters.insert.run(u,i,a,0),t.cluster(t.requireCluster({kind:"slug",slug:u}))}),getCluster:u=>l(()=>t.cluster(t.requireCluster(u))),listClusters:()=>l(()=>t.clusters.all.all().map(t.cluster)),updateCluster:(u,{displayName:i,description:a})=>n.submit(()=>(t.requireCluster({kind:"slug",slug:u}),t.clusters.update.run(i??null,a??null,u),t.cluster(t.requireCluster({kind:"slug",slug:u})))),deleteCluster:u=>n.submit(()=>{let{deployments:i,isDefault:a}=t.cluster(t.requireCluster({kind:"slug",slug:u})),o=t.clusters.anOpenJob.get(u)!==void 0,c={isDefault:a,hasDeployments:i.length>0,hasOpenJobs:o};switch(je(c)){case"cluster-protected":throw new w("cluster-protected",`The cluster "${u}" is the default cluster`);case"cluster-in-use":{let d=i.map(E=>`"${E.workflow.slug}"`).join(", "),m=[...d===""?[]:[`releases of ${d}`],...o?["jobs that are not over"]:[]];throw new w("cluster-in-use",`The cluster "${u}" has ${m.join(" and ")}`)}case"deletable":t.clusters.delete.run(u)}}),onDeploymentChange:u=>r.subscribe(u)}}import{closeSync as pr,fsyncSync as mr,mkdirSync as fr,openSync as yr}from"node:fs";import{DatabaseSync as br}from"node:sqlite";var Er=5e3;function Qe(e){let t=new br(e,{timeout:Er,enableForeignKeyConstraints:!0});try{t.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA fullfsync = ON;
      PRAGMA checkpoint_fullfsync = ON;
    `)}catch(r){throw t.close(),r}return t}function Ke(e){try{fr(e,{recursive:!0,mode:448})}catch(t){let r=t instanceof Error?t.message:String(t);throw new M("store-failed",`The data folder ${e} cannot be made: ${r}`,{cause:t})}}function Ye(e){if(process.platform==="win32")return;let t=yr(e,"r");try{mr(t)}finally{pr(t)}}var ze=`
  CREATE TABLE history (
    sequence       INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms          INTEGER NOT NULL,
    actor          TEXT NOT NULL,
    kind           TEXT NOT NULL CHECK (kind IN ('publish', 'unpublish', 'deploy', 'undeploy')),
    workflow_slug  TEXT NOT NULL,
    cluster_slug   TEXT CHECK ((cluster_slug IS NULL) = (kind IN ('publish', 'unpublish'))),
    release_before TEXT CHECK ((release_before IS NULL) <= (kind IN ('publish', 'deploy'))),
    release_after  TEXT CHECK ((release_after IS NULL) = (kind IN ('unpublish', 'undeploy'))),
    fingerprint    TEXT CHECK ((fingerprint IS NULL) = (kind IN ('deploy', 'undeploy'))),
    digest         TEXT CHECK ((digest IS NULL) = (kind IN ('deploy', 'undeploy')))
  ) STRICT;
  CREATE INDEX history_by_workflow ON history (workflow_slug, sequence);
  CREATE INDEX history_by_workflow_and_cluster ON history (workflow_slug, cluster_slug, sequence);
  CREATE INDEX history_by_cluster ON history (cluster_slug, sequence);
  CREATE TRIGGER history_is_not_changed BEFORE UPDATE ON history
    BEGIN SELECT raise(ABORT, 'history is append-only'); END;
  CREATE TRIGGER history_is_not_deleted BEFORE DELETE ON history
    BEGIN SELECT raise(ABORT, 'history is append-only'); END;
`;function Ve(e){return{append:p(e,`INSERT INTO history (at_ms, actor, kind, workflow_slug, cluster_slug, release_before, release_after,
         fingerprint, digest)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`),newest:p(e,"SELECT * FROM history WHERE sequence < ? ORDER BY sequence DESC LIMIT ?"),newestOfWorkflow:p(e,"SELECT * FROM history WHERE workflow_slug = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?"),newestOfCluster:p(e,"SELECT * FROM history WHERE cluster_slug = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?"),newestOfBoth:p(e,`SELECT * FROM history WHERE workflow_slug = ? AND cluster_slug = ? AND sequence < ?
       ORDER BY sequence DESC LIMIT ?`)}}function v(e,t){let{atMs:r,actor:n,kind:l,workflow:u}=t;switch(t.kind){case"publish":case"unpublish":{let[i,a]=t.kind==="publish"?[null,t.release]:[t.release,null];e.append.run(r,n,l,u,null,i,a,t.fingerprint,t.digest);return}case"deploy":case"undeploy":{let[i,a]=[t.before??null,t.after??null];e.append.run(r,n,l,u,t.cluster,i,a,null,null)}}}function Ze(e,t){let{workflow:r,cluster:n,before:l=Number.MAX_SAFE_INTEGER,limit:u}=t,i;return r!==void 0&&n!==void 0?i=e.newestOfBoth.all(r,n,l,u):r!==void 0?i=e.newestOfWorkflow.all(r,l,u):n!==void 0?i=e.newestOfCluster.all(n,l,u):i=e.newest.all(l,u),i.map(Tr)}function Tr(e){let t={sequence:e.sequence,atMs:e.at_ms,actor:e.actor,workflow:e.workflow_slug};switch(e.kind){case"publish":case"unpublish":return{...t,kind:e.kind,release:K(e.release_after??e.release_before),fingerprint:K(e.fingerprint),digest:K(e.digest)};case"deploy":case"undeploy":return{...t,kind:e.kind,cluster:K(e.cluster_slug),before:e.release_before??void 0,after:e.release_after??void 0}}}function K(e){if(e===null)throw new Error("a history row lacks a column of its kind");return e}function et(){return rt(15e3)}function tt(e){return rt(Math.min(Math.max(e,15e3),3e5))}function rt(e){return{leaseMs:e,waitMs:e-5e3}}function Y(e){return Number.parseInt(e.slice(0,8)+e.slice(9,13),16)}function de(e){let t=Math.min(Math.max(0,e),0xffffffffffff).toString(16).padStart(12,"0");return`${t.slice(0,8)}-${t.slice(8)}`}var nt=`
  CREATE TABLE tasks (
    sequence          INTEGER PRIMARY KEY,
    id                TEXT NOT NULL UNIQUE,
    job               INTEGER NOT NULL, -- jobs.sequence
    task_group        INTEGER NOT NULL, -- task_groups.sequence
    parent            INTEGER,          -- tasks.sequence; NULL for root tasks
    optional_ancestor INTEGER,          -- the nearest ancestor that was submitted as optional
    queue             INTEGER NOT NULL, -- task_queues.sequence
    position          INTEGER NOT NULL, -- claim order within the job, lowest first
    state             INTEGER NOT NULL,
    ready             INTEGER NOT NULL CHECK (ready IN (0, 1)),
    optional          INTEGER NOT NULL CHECK (optional IN (0, 1)),
    abandoned         INTEGER NOT NULL DEFAULT 0 CHECK (abandoned IN (0, 1)),
    max_retries       INTEGER NOT NULL,
    retry_count       INTEGER NOT NULL DEFAULT 0,
    lost_count        INTEGER NOT NULL DEFAULT 0,
    given_back_count  INTEGER NOT NULL DEFAULT 0,
    open_groups       INTEGER NOT NULL DEFAULT 0, -- groups of sub-tasks that are not done
    started_at_ms     INTEGER,
    stopped_at_ms     INTEGER,          -- the end of the last attempt
    lease_ends_at_ms  INTEGER,
    display           TEXT NOT NULL, -- as submitted: what every attempt is given
    reported_display  TEXT,          -- what the last attempt said instead
    input             BLOB NOT NULL
  ) STRICT;
  CREATE INDEX ready_tasks ON tasks (job, queue, position) WHERE ready = 1;
  CREATE INDEX leased_tasks ON tasks (lease_ends_at_ms) WHERE state = 2;
  CREATE INDEX failed_tasks ON tasks (job) WHERE state = 4;
`,C={queued:1,running:2,computed:3,failed:4,skipped:5,"failed-optional":6},gr=new Map(Object.keys(C).map(e=>[C[e],e]));function q(e){let t=gr.get(e);if(t===void 0)throw new Error(`the store holds a task state ${e}`);return t}var z=`sequence, id, job, task_group, optional_ancestor, queue, state, optional, abandoned,
  max_retries, retry_count, lost_count, given_back_count, started_at_ms, stopped_at_ms`;function V(e){return{state:q(e.state),started:e.started_at_ms!==null,optional:e.optional===1,inOptionalBranch:e.optional_ancestor!==null,abandoned:e.abandoned===1,maxRetries:e.max_retries,retryCount:e.retry_count,lostCount:e.lost_count,givenBackCount:e.given_back_count}}function Z(e){return{byId:p(e,`SELECT ${z} FROM tasks WHERE id = ?`),bySequence:p(e,`SELECT ${z} FROM tasks WHERE sequence = ?`),displays:p(e,"SELECT display, reported_display AS reported FROM tasks WHERE sequence = ?"),failedOfJob:p(e,`SELECT ${z} FROM tasks WHERE job = ? AND state = 4 ORDER BY sequence`),lastSequence:p(e,"SELECT coalesce(max(sequence), 0) AS sequence FROM tasks"),insert:p(e,`INSERT INTO tasks (sequence, id, job, task_group, parent, optional_ancestor, queue, position, state,
         ready, optional, max_retries, display, input)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),run:p(e,`UPDATE tasks SET state = 2, ready = 0, started_at_ms = ?, lease_ends_at_ms = ? WHERE sequence = ?
       RETURNING id, display, input, retry_count`),stop:p(e,`UPDATE tasks SET state = ?, ready = 0, stopped_at_ms = ?, reported_display = ?, open_groups = ?,
         lease_ends_at_ms = NULL
       WHERE sequence = ?`),requeue:p(e,`UPDATE tasks SET state = 1, ready = 1, lease_ends_at_ms = NULL, retry_count = ?, lost_count = ?,
         given_back_count = ?, reported_display = ?, stopped_at_ms = ?
       WHERE sequence = ?`),setLease:p(e,"UPDATE tasks SET lease_ends_at_ms = ? WHERE sequence = ?"),setOpenGroups:p(e,"UPDATE tasks SET open_groups = ? WHERE sequence = ?"),closeOneGroup:p(e,`UPDATE tasks SET open_groups = open_groups - 1 WHERE sequence = ?
       RETURNING open_groups, task_group`),skipQueued:p(e,"UPDATE tasks SET state = 5, ready = 0 WHERE sequence BETWEEN ? AND ? AND state = 1"),abandonRunning:p(e,"UPDATE tasks SET abandoned = 1 WHERE sequence BETWEEN ? AND ? AND state = 2"),openComputed:p(e,"SELECT sequence FROM tasks WHERE sequence BETWEEN ? AND ? AND state = 3 AND open_groups > 0"),queuesOfQueued:p(e,"SELECT queue FROM tasks WHERE sequence BETWEEN ? AND ? AND state = 1"),release:p(e,"UPDATE tasks SET ready = 1 WHERE sequence BETWEEN ? AND ? AND state = 1"),firstReady:p(e,`SELECT sequence, position FROM tasks WHERE job = ? AND queue = ? AND ready = 1
       ORDER BY position LIMIT 1`),leasesEndedBy:p(e,`SELECT ${z} FROM tasks WHERE state = 2 AND lease_ends_at_ms <= ?
       ORDER BY lease_ends_at_ms LIMIT ?`),nextLeaseEnd:p(e,"SELECT lease_ends_at_ms FROM tasks WHERE state = 2 AND lease_ends_at_ms > 0 ORDER BY lease_ends_at_ms LIMIT 1"),extendLeasesTo:p(e,"UPDATE tasks SET lease_ends_at_ms = ? WHERE state = 2 AND lease_ends_at_ms < ?")}}var ce={queued:"queued",running:"running",computed:"computed",failed:"failed",skipped:"skipped","failed-optional":"failed_optional"};function pe(e){let{queued:t,running:r,computed:n,failed:l,skipped:u,failed_optional:i}=e;return{queued:t,running:r,computed:n,failed:l,skipped:u,"failed-optional":i}}function st(e){return A(L(e.state))}function te(e){return{id:e.id,name:e.name,traceParent:e.trace_parent,submittedAtMs:Y(e.id)}}var Rr=1e3,ee=class{#e;#r=new Map;#t=new Map;#n=new Set;constructor(t){this.#e=t}job(t){let r=this.#r.get(t)??this.#o(t);return this.#t.has(t)||this.#t.set(t,{...r.now}),r.now}jobById(t){let r=this.#e.jobs.byId.get(t);return r===void 0?void 0:this.job(r.sequence)}inserted(t){return this.#t.set(t,void 0),this.#o(t).now}#o(t){let r=N(this.#e.jobs.bySequence.get(t)),n={stored:r,now:{...r}};return this.#r.set(t,n),n}count(t,r,n,l=1){let u=this.job(t);r!==void 0&&(u[ce[r]]-=l),u[ce[n]]+=l}isOpen(t){return A(ot(this.job(t)))}settleOpenness(){for(let t of this.#t.keys()){let r=this.job(t),n=ot(r),l=A(n);l!==A(L(r.state))&&this.#e.queues.setOpen.run(l?1:0,t),r.state=I[n]}}endOperation(){this.settleOpenness();let t=this.#n.size===0;for(let r of this.#t.keys())this.#n.add(r);this.#t.clear(),!(!t||this.#n.size===0)&&this.#e.writer.atCommit({write:()=>this.#s(),undone:()=>this.#a()})}undoOperation(){for(let[t,r]of this.#t)r===void 0?this.#r.delete(t):Object.assign(this.job(t),r);this.#t.clear()}#s(){for(let t of this.#n){let r=this.#r.get(t);r!==void 0&&this.#i(r)}this.#n.clear(),this.#r.size>Rr&&this.#r.clear()}#a(){this.#r.clear(),this.#n.clear()}#i(t){let{stored:r,now:n}=t,{jobs:l}=this.#e;_r(r,n)&&(l.setCounts.run(n.open_root_groups,n.front,n.queued,n.running,n.computed,n.failed,n.skipped,n.failed_optional,n.first_started_at_ms,n.last_stopped_at_ms,n.compute_ms,n.sequence),this.#u(r,n)),(n.state!==r.state||n.canceled!==r.canceled)&&l.setState.run(n.state,n.canceled,n.sequence),t.stored={...n}}#u(t,r){for(let n of x){let l=ce[n];if(t[l]>0==r[l]>0)continue;let u=C[n];r[l]>0?this.#e.jobs.addTaskState.run(u,r.id):this.#e.jobs.removeTaskState.run(u,r.id)}}};function ot(e){return Fe({tasks:pe(e),canceled:e.canceled===1,started:e.first_started_at_ms!==null,openRootGroups:e.open_root_groups})}var kr=["open_root_groups","front","queued","running","computed","failed","skipped","failed_optional","first_started_at_ms","last_stopped_at_ms","compute_ms"];function _r(e,t){return kr.some(r=>e[r]!==t[r])}function W(e,t){return{...te(e),automation:e.automation_id??void 0,state:L(e.state),stats:He(pe(e),{firstStartedMs:e.first_started_at_ms??void 0,lastStoppedMs:e.last_stopped_at_ms??void 0,computeMs:e.compute_ms}),progress:t.map(({label:r,total:n,done:l})=>({label:r,total:n,done:l}))}}function it(e,{jobs:t,progress:r}){let n=({sql:u,values:i})=>e.prepare(u).all(...i),l=u=>{let i=N(t.byId.get(u));return W(i,r.ofJob.all(i.sequence))};return{queryJobs(u){let i=Sr(u),a=i===void 0?[]:n(i),o=a.length>u.limit;return{jobs:a.slice(0,u.limit).map(c=>l(c.job_id)),hasMore:o}},countJobs(u){let i=G(me(u,"id")),a=n({sql:`SELECT state, count(*) AS count FROM jobs WHERE ${i.sql} GROUP BY state`,values:i.values});return new Map(a.map(o=>[L(o.state),o.count]))},readQueueStats(u){let i=me(u,"id"),{submitted:a,running:o,started:c}=I,d=G([{sql:`state IN (${a}, ${o}, ${c})`,values:[]},...i]),m=G([{sql:"queued > 0 AND running = 0",values:[]},d]),E=n({sql:`SELECT count(*) FILTER (WHERE queued > 0 AND running = 0) AS waiting,
                count(*) FILTER (WHERE running > 0) AS running, coalesce(sum(queued), 0) AS queued
              FROM jobs WHERE ${d.sql}`,values:d.values}),[b]=n({sql:`SELECT id FROM jobs WHERE ${m.sql} ORDER BY id LIMIT 1`,values:m.values}),{waiting:k,running:T,queued:s}=N(E[0]);return{waitingJobs:k,runningJobs:T,queuedTasks:s,oldestWaiting:b===void 0?void 0:l(b.id)}}}}function Sr(e){let r=e.direction==="descending"?"DESC":"ASC",n=wr(e),l=Ir(e),u=Nr(e).map(({from:i,key:a})=>{let c=G([...a===void 0?[]:[{sql:"key = ?",values:[a]}],...n,...l]);return{sql:`SELECT job_id FROM (SELECT walked.job_id FROM (${i}) AS walked WHERE ${c.sql}
            ORDER BY walked.job_id ${r} LIMIT ?)`,values:[...c.values,e.limit+1]}});if(u.length!==0)return{sql:`${u.map(i=>i.sql).join(" UNION ")} ORDER BY job_id ${r} LIMIT ?`,values:[...u.flatMap(i=>i.values),e.limit+1]}}function Nr(e){if(e.states.length>0){let t="SELECT state AS key, id AS job_id FROM jobs";return e.states.map(r=>({from:t,key:I[r]}))}if(e.taskStates.length>0){let t="SELECT state AS key, job_id FROM job_task_states";return e.taskStates.map(r=>({from:t,key:C[r]}))}if(e.automations.length>0){let t="SELECT automation_id AS key, id AS job_id FROM jobs WHERE automation_id IS NOT NULL";return e.automations.map(r=>({from:t,key:r}))}if(e.clusters.length>0){let t="SELECT cluster AS key, job_id FROM job_clusters";return e.clusters.map(r=>({from:t,key:r}))}return[{from:"SELECT id AS job_id FROM jobs",key:void 0}]}function wr({time:e,ids:t,direction:r,startingAfter:n}){let l=e===void 0?[]:me(e,"job_id");return t?.start!==void 0&&l.push({sql:`job_id ${t.startExclusive?">":">="} ?`,values:[t.start]}),t?.end!==void 0&&l.push({sql:`job_id ${t.endInclusive?"<=":"<"} ?`,values:[t.end]}),n!==void 0&&l.push({sql:`job_id ${r==="descending"?"<":">"} ?`,values:[n]}),l}function me({fromMs:e,beforeMs:t},r){let n=e===void 0?[]:[{sql:`${r} >= ?`,values:[de(e)]}],l=t===void 0?[]:[{sql:`${r} < ?`,values:[de(t)]}];return[...n,...l]}function Ir(e){let t=[],r=e.states.map(u=>I[u]),n=e.nameWords.map(u=>({sql:"instr(folded_name, ?) > 0",values:[u]})),l=[...r.length>0?[{sql:`state IN (${fe(r)})`,values:r}]:[],...e.automations.length>0?[{sql:`automation_id IN (${fe(e.automations)})`,values:e.automations}]:[],...n];if(l.length>0){let u=G([{sql:"jobs.id = walked.job_id",values:[]},...l]);t.push({sql:`EXISTS (SELECT 1 FROM jobs WHERE ${u.sql})`,values:u.values})}if(e.taskStates.length>0){let u=e.taskStates.map(i=>C[i]);t.push(at("job_task_states","state",u))}return e.clusters.length>0&&t.push(at("job_clusters","cluster",e.clusters)),t}function at(e,t,r){return{sql:`EXISTS (SELECT 1 FROM ${e} AS found WHERE found.${t} IN (${fe(r)})
          AND found.job_id = walked.job_id)`,values:r}}function fe(e){return e.map(()=>"?").join(", ")}function G(e){return e.length===0?{sql:"1",values:[]}:{sql:e.map(t=>t.sql).join(" AND "),values:e.flatMap(t=>t.values)}}var ut=`
  CREATE TABLE deployments (
    cluster_slug   TEXT NOT NULL REFERENCES clusters (slug),
    workflow_id    TEXT NOT NULL REFERENCES workflows (id),
    release_id     TEXT NOT NULL,
    deployed_at_ms INTEGER NOT NULL,
    deployed_by    TEXT NOT NULL,
    PRIMARY KEY (cluster_slug, workflow_id),
    FOREIGN KEY (release_id, workflow_id) REFERENCES releases (id, workflow_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX deployments_by_release ON deployments (release_id, workflow_id);
  CREATE INDEX deployments_by_workflow ON deployments (workflow_id);
`;function lt(e){return{put:p(e,`INSERT INTO deployments (cluster_slug, workflow_id, release_id, deployed_at_ms, deployed_by)
       VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (cluster_slug, workflow_id) DO UPDATE SET release_id = excluded.release_id,
         deployed_at_ms = excluded.deployed_at_ms, deployed_by = excluded.deployed_by`),remove:p(e,"DELETE FROM deployments WHERE cluster_slug = ? AND workflow_id = ?"),on:p(e,"SELECT * FROM deployments WHERE cluster_slug = ? AND workflow_id = ?"),ofCluster:p(e,`SELECT deployments.* FROM deployments JOIN workflows ON workflows.id = workflow_id
       WHERE cluster_slug = ? ORDER BY workflows.slug`),clustersOfRelease:p(e,`SELECT clusters.* FROM deployments JOIN clusters ON clusters.slug = cluster_slug
       WHERE release_id = ? ORDER BY clusters.slug`),clustersOfWorkflow:p(e,`SELECT clusters.*, release_id FROM deployments JOIN clusters ON clusters.slug = cluster_slug
       WHERE workflow_id = ? ORDER BY clusters.slug`)}}var dt=`
  CREATE TABLE releases (
    id                   TEXT PRIMARY KEY,
    workflow_id          TEXT NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
    artifact_id          TEXT NOT NULL REFERENCES artifacts (id),
    fingerprint          TEXT NOT NULL,
    tasks                TEXT NOT NULL, -- JSON: [{name, version}]
    runner_object_path   TEXT NOT NULL,
    command_override     TEXT NOT NULL, -- JSON: [argument]
    file_tree_size_bytes INTEGER NOT NULL,
    created_at_ms        INTEGER NOT NULL,
    UNIQUE (workflow_id, fingerprint, artifact_id),
    UNIQUE (id, workflow_id)
  ) STRICT;
  CREATE INDEX releases_by_age ON releases (workflow_id, created_at_ms DESC, id DESC);
  CREATE INDEX releases_by_artifact ON releases (artifact_id);
  CREATE TABLE release_file_trees (
    release_id TEXT PRIMARY KEY REFERENCES releases (id) ON DELETE CASCADE,
    tree       TEXT NOT NULL -- JSON: FileTree
  ) STRICT;
`;function ct(e){let t="SELECT releases.*, artifacts.digest FROM releases JOIN artifacts ON artifacts.id = artifact_id";return{insert:p(e,`INSERT INTO releases (id, workflow_id, artifact_id, fingerprint, tasks, runner_object_path,
         command_override, file_tree_size_bytes, created_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`),insertFileTree:p(e,"INSERT INTO release_file_trees (release_id, tree) VALUES (?, ?)"),fileTree:p(e,"SELECT tree FROM release_file_trees WHERE release_id = ?"),byId:p(e,`${t} WHERE releases.id = ?`),byContent:p(e,`${t} WHERE workflow_id = ? AND fingerprint = ? AND artifact_id = ?`),ofWorkflow:p(e,`${t} WHERE workflow_id = ? ORDER BY releases.created_at_ms DESC, releases.id DESC`),delete:p(e,"DELETE FROM releases WHERE id = ?")}}function ye(e,t){return{id:e.id,artifact:{id:e.artifact_id,digest:e.digest},content:{fingerprint:e.fingerprint,tasks:JSON.parse(e.tasks),runnerObjectPath:e.runner_object_path,commandOverride:JSON.parse(e.command_override)},fileTreeSizeBytes:e.file_tree_size_bytes,createdAtMs:e.created_at_ms,clusters:t}}var pt=`
  CREATE TABLE workflows (
    id            TEXT PRIMARY KEY,
    slug          TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    summary       TEXT NOT NULL,
    description   TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) STRICT;
`;function mt(e){return{insert:p(e,`INSERT INTO workflows (id, slug, name, summary, description, created_at_ms)
       VALUES (?, ?, ?, ?, ?, ?)`),bySlug:p(e,"SELECT * FROM workflows WHERE slug = ?"),byId:p(e,"SELECT * FROM workflows WHERE id = ?"),after:p(e,"SELECT * FROM workflows WHERE id > ? ORDER BY id LIMIT ?"),update:p(e,`UPDATE workflows SET name = coalesce(?, name), summary = coalesce(?, summary),
         description = coalesce(?, description)
       WHERE slug = ?`),delete:p(e,"DELETE FROM workflows WHERE id = ?")}}function be(e){return{id:e.id,slug:e.slug,name:e.name,summary:e.summary,description:e.description,createdAtMs:e.created_at_ms}}function yt(e){let t=X(e),r=mt(e),n=ct(e),l=lt(e),u=o=>ye(o,l.clustersOfRelease.all(o.id).map(U)),i=o=>({workflow:be(ft(r.byId.get(o.workflow_id))),release:u(ft(n.byId.get(o.release_id))),deployedAtMs:o.deployed_at_ms,deployedBy:o.deployed_by}),a=o=>o.kind==="default"?t.default.get():t.bySlug.get(o.slug);return{clusters:t,workflows:r,releases:n,deployments:l,release:u,cluster:o=>({...U(o),revision:o.revision,deployments:l.ofCluster.all(o.slug).map(i)}),workflow(o){let c=Map.groupBy(l.clustersOfWorkflow.all(o.id),d=>d.release_id);return{...be(o),releases:n.ofWorkflow.all(o.id).map(d=>ye(d,(c.get(d.id)??[]).map(U)))}},findCluster:a,requireCluster(o){let c=a(o);if(c!==void 0)return c;throw J(o.kind==="slug"?[o.slug]:[])},requireWorkflow(o){let c=r.bySlug.get(o);if(c!==void 0)return c;throw new w("workflow-not-found",`There is no workflow "${o}"`)},requireRelease(o,c){let d=n.byId.get(c);if(d?.workflow_id===o.id)return d;throw new w("release-not-found",`The workflow "${o.slug}" has no release ${c}`)}}}function J(e){if(e.length===0)return new w("cluster-not-found","There is no default cluster");let[t,r]=[e.length===1?"cluster":"clusters",e.map(n=>`"${n}"`)];return new w("cluster-not-found",`There is no ${t} ${r.join(", ")}`)}function ft(e){if(e===void 0)throw new Error("a foreign key refers to nothing");return e}function bt(e,t){return e-t}function Et(e,t){return e.jobSequence-t.jobSequence||e.position-t.position}var Or=1e3;function Tt({tasks:e,queues:t}){let r=new Map;function n(a,o){let c=new Map;for(let{name:d,major:m,minor:E}of o)for(let b of t.servedBy.all(a,d,m,E)){let k=Oe(o,b);k!==void 0&&c.set(b.sequence,k)}return c}function l(a,o){let c;for(let{queue:d}of t.waitingOfJob.all(a)){if(!o.has(d))continue;let m=e.firstReady.get(a,d);if(m===void 0){t.setWaiting.run(0,a,d);continue}let E={...m,queue:d,jobSequence:a};(c===void 0||Et(E,c)<0)&&(c=E)}return c}function u(a){for(;;){let o;for(let d of a.keys()){let m=t.firstWaitingJob.get(d);m!==void 0&&(o===void 0||m.job<o)&&(o=m.job)}if(o===void 0)return;let c=l(o,a);if(c!==void 0)return{job:o,...c}}}function i(a,o,c){if(o.size!==0){if(c!==void 0&&a.ledger.isOpen(c)){let d=l(c,o);if(d!==void 0)return{job:c,...d}}return a.ledger.settleOpenness(),u(o)}}return{queuesFor(a,o){let c=`${a}
${o.map(({name:E,version:b})=>`${b} ${E}`).join(`
`)}`,d=r.get(c);if(d!==void 0)return d;r.size>=Or&&r.clear();let m=n(a,o);return r.set(c,m),m},forgetOffers:()=>r.clear(),claim(a,o,c){let d=i(a,o,c);if(d===void 0)return;let{job:m,sequence:E,queue:b}=d,k=et(),T=N(e.run.get(a.nowMs,a.nowMs+k.leaseMs,E)),s=a.ledger.job(m);return a.ledger.count(m,"queued","running"),s.first_started_at_ms??=a.nowMs,{id:T.id,identifier:N(o.get(b)),input:T.input,display:T.display,job:te(s),retryCount:T.retry_count,lease:k}}}}function gt(e){let t=[],r=[],n=!1;for(let{openMembers:l,dependents:u,parent:i}of e){if(l>0)break;for(let a of u)t.push(a.group),a.unmetDependencies===1&&r.push(a.group);if(n=i===void 0,i===void 0||i.openGroups>0)break}return{nearerGroups:t,releasedGroups:r,closesRootGroup:n}}function Rt(e,t){let r=new Map,n=new Map([[e,0]]);for(let{group:l,parent:u,runningMembers:i,computedMembers:a}of t.toReversed()){let o=i;for(let c of a){let d=n.get(c)??0;n.set(c,d),d>0&&o++}r.set(l,o),o>0&&n.set(u,(n.get(u)??0)+1)}return{openMembers:r,openGroups:n}}function kt({tasks:e,groups:t,queues:r}){function*n(a){let o=a;for(;o!==null;){let c=N(t.closeOneMember.get(o)),d=c.open_members===0,m=d&&c.parent!==null?N(e.closeOneGroup.get(c.parent)):void 0;yield{openMembers:c.open_members,dependents:d?t.dependents.all(o):[],parent:m===void 0?void 0:{openGroups:m.open_groups}},o=m?.task_group??null}}function l(a,o){let{job:c,first_task:d,last_task:m}=N(t.bySequence.get(o)),E=Map.groupBy(e.queuesOfQueued.all(d,m),b=>b.queue);e.release.run(d,m);for(let[b,k]of E)r.setWaiting.run(1,c,b),a.markReady(c,b,k.length)}function u(a,o){let c=gt(n(o.task_group));for(let d of c.nearerGroups)t.meetOneDependency.run(d);for(let d of c.releasedGroups)l(a,d);c.closesRootGroup&&(a.ledger.job(o.job).open_root_groups-=1)}function i(a,o){let c=[],d=[o];for(let m=d.pop();m!==void 0;m=d.pop())for(let E of t.openUnder.all(a,m)){let k=e.openComputed.all(E.first_task,E.last_task).map(T=>T.sequence);c.push({group:E,computedMembers:k}),d.push(...k)}return c}return{complete:u,giveUp(a,o,c){let m=i(o,c).map(({group:b,computedMembers:k})=>{let T=e.skipQueued.run(b.first_task,b.last_task);T>0&&a.ledger.count(o,"queued","skipped",T);let s=e.abandonRunning.run(b.first_task,b.last_task);return{group:b.sequence,parent:N(b.parent??void 0),runningMembers:s,computedMembers:k}}),E=Rt(c,m);for(let[b,k]of E.openMembers)t.setOpenMembers.run(k,b);for(let[b,k]of E.openGroups)e.setOpenGroups.run(k,b);E.openGroups.get(c)===0&&u(a,N(e.bySequence.get(c)))}}}function _t(e,t){let{tasks:r,groups:n,queues:l,jobs:u}=e,i=(o,{name:c,version:d,major:m,minor:E})=>{let b=l.find.get(o,c,d);return b!==void 0?b.sequence:(t.onNewQueue(),N(l.insert.get(o,c,d,m,E)).sequence)};function a(o,c,d,m){let{job:E,parent:b,optionalAncestor:k,state:T}=o,s=c.tasks.length,f=T==="queued"&&c.dependsOn.length===0?1:0,y=T==="queued"?s:0,[g,R]=[d.sequence,d.sequence+s-1],{sequence:_}=N(n.insert.get(E,b,g,R,y,c.dependsOn.length));for(let S of c.tasks){let O=m(S);O.ready+=f,r.insert.run(d.sequence++,t.ids.next(),E,_,b,k,O.sequence,d.position++,C[T],f,S.optional?1:0,S.maxRetries,S.display,S.input)}return _}return{findClusters:o=>Lr(o,t.records),insert(o,c,{groups:d,slugOf:m}){let{job:E,state:b}=c,k=o.ledger.job(E),T=o.ledger.isOpen(E)?1:0,s=d.reduce((R,_)=>R+_.tasks.length,0);k.front=bt(k.front,s);let f={sequence:N(r.lastSequence.get()).sequence+1,position:k.front},y=new Ee(m,i),g=d.map(R=>a(c,R,f,y.of));for(let[R,{dependsOn:_}]of d.entries())for(let S of _)n.insertDependency.run(N(g[S]),N(g[R]));for(let{sequence:R,cluster:_,ready:S}of y.all())u.addCluster.run(_,k.id),l.addJob.run(E,R,T,S>0?1:0),S>0&&o.markReady(E,R,S);return o.ledger.count(E,void 0,b,s),b==="queued"?d.length:0}}}function Lr(e,t){let r=i=>i.kind==="default"?"":i.slug,n=new Map;for(let i of e)for(let{cluster:a}of i.tasks)n.set(r(a),a);let l=new Map,u=[];for(let[i,a]of n){let o=t.findCluster(a);o!==void 0?l.set(i,o.slug):a.kind==="slug"&&u.push(a.slug)}return u.length>0?{unknown:u}:{groups:e,slugOf:i=>N(l.get(r(i)))}}var Ee=class{#e;#r;#t=new Map;constructor(t,r){this.#e=t,this.#r=r}of=({cluster:t,identifier:r})=>{let n=this.#e(t),l=`${n} ${r.version} ${r.name}`,u=this.#t.get(l);if(u!==void 0)return u;let i={sequence:this.#r(n,r),cluster:n,ready:0};return this.#t.set(l,i),i};all(){return this.#t.values()}};var St=`
  SELECT tasks.sequence, tasks.id, parents.id AS parent_id, tasks.task_group, task_queues.cluster,
    task_queues.name, task_queues.version, coalesce(tasks.reported_display, tasks.display) AS display,
    tasks.display AS submitted_display, tasks.state, tasks.optional, tasks.max_retries, tasks.retry_count, tasks.started_at_ms,
    tasks.stopped_at_ms, tasks.input,
    EXISTS (SELECT 1 FROM task_groups AS below WHERE below.job = tasks.job AND below.parent = tasks.sequence)
      AS has_children
  FROM task_groups
    CROSS JOIN tasks ON tasks.sequence BETWEEN task_groups.first_task AND task_groups.last_task
    JOIN task_queues ON task_queues.sequence = tasks.queue
    LEFT JOIN tasks AS parents ON parents.sequence = tasks.parent`;function Cr(e){return{children:p(e,`${St}
       WHERE task_groups.job = ? AND task_groups.parent IS ? AND tasks.sequence > ?
       ORDER BY task_groups.sequence, tasks.sequence LIMIT ?`),ofJob:p(e,`${St} WHERE task_groups.job = ?
       ORDER BY task_groups.parent, task_groups.sequence, tasks.sequence LIMIT ?`),dependencies:p(e,`SELECT dependency.sequence AS dependency, dependency.open_members
       FROM task_groups AS own
         JOIN task_groups AS dependency ON dependency.job = own.job AND dependency.parent IS own.parent
         JOIN task_group_dependencies AS pair
           ON pair.dependency = dependency.sequence AND pair.dependent = own.sequence
       WHERE own.sequence = ? ORDER BY dependency.sequence`),displaysOfOpen:p(e,`SELECT tasks.display FROM task_groups
         CROSS JOIN tasks ON tasks.sequence BETWEEN task_groups.first_task AND task_groups.last_task
       WHERE task_groups.sequence = ? AND (tasks.state NOT IN (3, 5, 6) OR tasks.open_groups > 0)
       ORDER BY tasks.sequence LIMIT ?`)}}var Nt=5;function wt(e,{jobs:t,tasks:r,queues:n}){let l=Cr(e);function u(a,o){if(o===void 0)return;let c=r.byId.get(o);if(c?.job===a.sequence)return c.sequence;throw new w("task-not-found",`The job ${a.id} has no task ${o}`)}let i=a=>l.dependencies.all(a).map(o=>o.dependency);return{list(a,{parent:o,limit:c,startingAfter:d}){let m=u(a,d)??0,E=l.children.all(a.sequence,u(a,o)??null,m,c+1);return{tasks:E.slice(0,c).map(hr),hasMore:E.length>c}},tree(a,o){let c=new Map;return l.ofJob.all(a.sequence,o).map(d=>{let m=c.get(d.task_group)??i(d.task_group);return c.set(d.task_group,m),{id:d.id,parent:d.parent_id??void 0,group:d.task_group,dependsOn:m,identifier:{name:d.name,version:d.version},display:d.display,state:q(d.state),optional:d.optional===1}})},roots:(a,o)=>qr(l.children.all(a.sequence,null,0,o),i),queued(a){let o=r.byId.get(a);if(o===void 0)return;let{cluster:c,name:d,version:m,major:E,minor:b}=N(n.bySequence.get(o.queue)),k=N(t.bySequence.get(o.job)),T=l.dependencies.all(o.task_group).filter(s=>s.open_members>0).flatMap(({dependency:s})=>l.displaysOfOpen.all(s,Nt));return{state:q(o.state),job:L(k.state),cluster:c,identifier:{name:d,version:m,major:E,minor:b},openDependencies:T.slice(0,Nt).map(s=>s.display)}}}}function hr(e){let t=q(e.state),r=t!=="queued"&&t!=="running";return{id:e.id,parent:e.parent_id??void 0,identifier:{name:e.name,version:e.version},display:e.display,state:t,submittedAtMs:Y(e.id),startedAtMs:e.started_at_ms??void 0,stoppedAtMs:r?e.stopped_at_ms??void 0:void 0,input:e.input,retryCount:e.retry_count,maxRetries:e.max_retries,hasChildren:e.has_children===1,cluster:e.cluster,optional:e.optional===1}}function qr(e,t){let r=Map.groupBy(e,l=>l.task_group),n=[...r.keys()];return[...r].map(([l,u])=>({dependsOn:t(l).map(i=>n.indexOf(i)).filter(i=>i>=0),tasks:u.map(i=>({cluster:{kind:"slug",slug:i.cluster},identifier:N(Ie(i)),input:i.input,display:i.submitted_display,maxRetries:i.max_retries,optional:i.optional===1}))}))}function Ot(e,t,r){let{tasks:n,queues:l,replaceProgress:u}=e;function i(T,s,f){let y=q(s.state),g=T.ledger.job(s.job);y==="running"&&s.started_at_ms!==null&&(g.compute_ms+=Math.max(0,T.nowMs-s.started_at_ms)),y!==f&&T.ledger.count(s.job,y,f),g.last_stopped_at_ms=Math.max(g.last_stopped_at_ms??0,T.nowMs)}function a(T,s,f,y,g=0){n.stop.run(C[f],T.nowMs,y,g,s.sequence),i(T,s,f)}function o(T,s,f,y){let g=c(f);if(typeof g=="string"){let S=ae(B(d(s),f.display),g);m(T,s,"fail",{display:S,progress:f.progress});return}let R={job:s.job,parent:s.sequence,optionalAncestor:s.optional===1?s.sequence:s.optional_ancestor,state:y==="queue"?"queued":"skipped"},_=g.groups.length===0?0:t.insert(T,R,g);a(T,s,"computed",f.display===""?null:B("",f.display),_),u(s.job,s.sequence,f.progress,It(s)),_===0&&r.complete(T,s)}function c({subTasks:T}){if(typeof T=="string")return T;let s=t.findClusters(T);return"unknown"in s?`Sub-tasks were submitted to clusters that do not exist: ${s.unknown.map(y=>`"${y}"`).join(", ")}.`:s}function d(T){return N(n.displays.get(T.sequence)).display}function m(T,s,f,y){let g=H(V(s),f),R=y.display===""?null:B("",y.display),_=E(T,s,g,R);return g.kind!=="none"&&y.progress!==void 0&&u(s.job,s.sequence,y.progress,It(s)),_}function E(T,s,f,y){switch(f.kind){case"requeue":{let{retryCount:g,lostCount:R,givenBackCount:_}=f.attempts;return n.requeue.run(g,R,_,y,T.nowMs,s.sequence),i(T,s,"queued"),l.setWaiting.run(1,s.job,s.queue),T.markReady(s.job,s.queue,1),"queued"}case"fail":return a(T,s,"failed",b(s,f.reason,y)),"failed";case"fail-optional":return a(T,s,"failed-optional",b(s,f.reason,y)),f.givesUpBranch?r.giveUp(T,s.job,N(s.optional_ancestor??void 0)):r.complete(T,s),"failed-optional";case"skip":return a(T,s,"skipped",y),r.complete(T,s),"skipped";case"none":case"run":case"compute":case"abandon":return q(s.state)}}function b(T,s,f){return s==="workflow-error"?f:ae(f??d(T),he(s))}let k=T=>n.byId.get(T);return{compute(T,s){let f=k(s.id);if(f===void 0)return;let y=H(V(f),"compute");return y.kind==="compute"&&o(T,f,s,y.children),f.job},fail(T,{id:s,display:f,progress:y,wasWorkflowError:g}){let R=k(s);if(R!==void 0)return m(T,R,g?"fail":"give-back",{display:f,progress:y})},endLease(T,s){m(T,s,"lease-end",{display:"",progress:void 0})},retry(T,s){let f=H(V(s),"retry-job"),{reported:y}=N(n.displays.get(s.sequence));if(f.kind!=="requeue")return;let{retryCount:g,lostCount:R,givenBackCount:_}=f.attempts,S=s.stopped_at_ms??T.nowMs;n.requeue.run(g,R,_,y,S,s.sequence),T.ledger.count(s.job,"failed","queued"),l.setWaiting.run(1,s.job,s.queue),T.markReady(s.job,s.queue,1)}}}function It(e){return e.stopped_at_ms===null}import{EventEmitter as Ar}from"node:events";var Lt=`
  CREATE TABLE task_progress (
    task  INTEGER NOT NULL, -- tasks.sequence
    label TEXT NOT NULL,
    total INTEGER NOT NULL,
    done  INTEGER NOT NULL,
    PRIMARY KEY (task, label)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE job_progress (
    sequence INTEGER PRIMARY KEY, -- the order in which labels first appeared
    job      INTEGER NOT NULL,
    label    TEXT NOT NULL,
    tasks    INTEGER NOT NULL, -- how many report it
    total    INTEGER NOT NULL,
    done     INTEGER NOT NULL,
    UNIQUE (job, label)
  ) STRICT;
  CREATE INDEX job_progress_in_order ON job_progress (job);
`;function Ct(e){return{ofJob:p(e,"SELECT label, total, done FROM job_progress WHERE job = ? AND tasks > 0 ORDER BY sequence"),ofTask:p(e,"SELECT label, total, done FROM task_progress WHERE task = ?"),removeOfTask:p(e,"DELETE FROM task_progress WHERE task = ?"),insert:p(e,"INSERT INTO task_progress (task, label, total, done) VALUES (?, ?, ?, ?)"),add:p(e,`INSERT INTO job_progress (job, label, tasks, total, done) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (job, label) DO UPDATE SET
         tasks = tasks + excluded.tasks,
         total = max(0, min(total + excluded.total, ${Number.MAX_SAFE_INTEGER})),
         done = max(0, min(done + excluded.done, ${Number.MAX_SAFE_INTEGER}))`)}}function ht(e){return(t,r,n,l)=>{let u=l?[]:e.ofTask.all(r);if(u.length>0){for(let{label:i,total:a,done:o}of u)e.add.run(t,i,-1,-a,-o);e.removeOfTask.run(r)}for(let{label:i,total:a,done:o}of n)e.insert.run(r,i,a,o),e.add.run(t,i,1,a,o)}}var qt=`
  CREATE TABLE task_groups (
    sequence           INTEGER PRIMARY KEY,
    job                INTEGER NOT NULL,
    parent             INTEGER,          -- tasks.sequence; NULL for root tasks
    first_task         INTEGER NOT NULL,
    last_task          INTEGER NOT NULL,
    open_members       INTEGER NOT NULL, -- tasks whose subtree is not done
    unmet_dependencies INTEGER NOT NULL  -- groups it still waits for
  ) STRICT;
  CREATE INDEX task_groups_by_parent ON task_groups (job, parent);
  CREATE TABLE task_group_dependencies (
    dependency INTEGER NOT NULL,
    dependent  INTEGER NOT NULL,
    PRIMARY KEY (dependency, dependent)
  ) STRICT, WITHOUT ROWID;
`;function At(e){return{insert:p(e,`INSERT INTO task_groups (job, parent, first_task, last_task, open_members, unmet_dependencies)
       VALUES (?, ?, ?, ?, ?, ?) RETURNING sequence`),insertDependency:p(e,"INSERT INTO task_group_dependencies (dependency, dependent) VALUES (?, ?)"),dependents:p(e,`SELECT task_groups.sequence AS "group", task_groups.unmet_dependencies AS unmetDependencies
       FROM task_group_dependencies JOIN task_groups ON task_groups.sequence = dependent
       WHERE dependency = ?`),closeOneMember:p(e,`UPDATE task_groups SET open_members = open_members - 1 WHERE sequence = ?
       RETURNING open_members, parent`),meetOneDependency:p(e,"UPDATE task_groups SET unmet_dependencies = unmet_dependencies - 1 WHERE sequence = ?"),setOpenMembers:p(e,"UPDATE task_groups SET open_members = ? WHERE sequence = ?"),bySequence:p(e,"SELECT sequence, job, parent, first_task, last_task FROM task_groups WHERE sequence = ?"),openUnder:p(e,`SELECT sequence, job, parent, first_task, last_task FROM task_groups
       WHERE job = ? AND parent = ? AND open_members > 0`)}}var Dt=`
  CREATE TABLE task_queues (
    sequence INTEGER PRIMARY KEY,
    cluster  TEXT NOT NULL,
    name     TEXT NOT NULL,
    version  TEXT NOT NULL,
    major    INTEGER NOT NULL,
    minor    INTEGER NOT NULL,
    UNIQUE (cluster, name, version)
  ) STRICT;
  CREATE INDEX task_queues_by_version ON task_queues (cluster, name, major, minor);
  CREATE TABLE job_queues (
    job     INTEGER NOT NULL, -- jobs.sequence
    queue   INTEGER NOT NULL, -- task_queues.sequence
    open    INTEGER NOT NULL CHECK (open IN (0, 1)),
    waiting INTEGER NOT NULL CHECK (waiting IN (0, 1)),
    PRIMARY KEY (job, queue)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX waiting_jobs ON job_queues (queue, job) WHERE open = 1 AND waiting = 1;
`;function Mt(e){return{find:p(e,"SELECT sequence FROM task_queues WHERE cluster = ? AND name = ? AND version = ?"),insert:p(e,`INSERT INTO task_queues (cluster, name, version, major, minor) VALUES (?, ?, ?, ?, ?)
       RETURNING sequence`),bySequence:p(e,"SELECT sequence, cluster, name, version, major, minor FROM task_queues WHERE sequence = ?"),servedBy:p(e,`SELECT sequence, cluster, name, version, major, minor FROM task_queues
       WHERE cluster = ? AND name = ? AND major = ? AND minor <= ?`),addJob:p(e,`INSERT INTO job_queues (job, queue, open, waiting) VALUES (?, ?, ?, ?)
       ON CONFLICT (job, queue) DO UPDATE SET waiting = max(waiting, excluded.waiting)
         WHERE waiting < excluded.waiting`),setWaiting:p(e,"UPDATE job_queues SET waiting = ?1 WHERE job = ?2 AND queue = ?3 AND waiting <> ?1"),setOpen:p(e,"UPDATE job_queues SET open = ? WHERE job = ?"),firstWaitingJob:p(e,"SELECT job FROM job_queues WHERE queue = ? AND open = 1 AND waiting = 1 ORDER BY job LIMIT 1"),waitingOfJob:p(e,"SELECT queue FROM job_queues WHERE job = ? AND waiting = 1")}}function Te(e){let t=Ct(e);return{jobs:$(e),tasks:Z(e),groups:At(e),queues:Mt(e),progress:t,replaceProgress:ht(t)}}var re=class{#e=new Ar().setMaxListeners(0);emit(t){this.#e.emit("ready",t)}subscribe(t){return this.#e.on("ready",t),()=>this.#e.off("ready",t)}};function jt(e,t,r){let{writer:n,clock:l}=e,u=new ee({...t,writer:n});return i=>n.submit(()=>{let a=new Map,o={nowMs:l(),ledger:u,markReady(c,d,m){let E=a.get(c)??new Map;a.set(c,E.set(d,(E.get(d)??0)+m))}};try{let c=i(o),d=[...a].filter(([m])=>u.isOpen(m)).flatMap(([,m])=>[...m]);return d.length>0&&r.emit(d.flatMap(([m,E])=>Dr(t,m,E))),u.endOperation(),c}catch(c){throw u.undoOperation(),c}})}function Dr(e,t,r){let n=e.queues.bySequence.get(t);if(n===void 0)return[];let{cluster:l,name:u,version:i,major:a,minor:o}=n;return[{cluster:l,identifier:{name:u,version:i,major:a,minor:o},count:r}]}var jr=500;function Ut(e,t){let r=Te(e.database),n=new re,l=jt(e,r,n),u=Tt(r),i=_t(r,{records:t,ids:e.ids,onNewQueue:u.forgetOffers}),a=kt(r),o=Ot(r,i,a),c=wt(e.database,r),d=it(e.database,r),{read:m}=e,E;function b(){return E??=t.requireCluster({kind:"default"}).slug,E}function k(s){let f=r.jobs.byId.get(s);if(f!==void 0)return f;throw ge(s)}return{submitJob:s=>l(f=>{let y=i.findClusters(s.groups);if("unknown"in y)throw J(y.unknown);let g=T(s,e.ids.next());return f.ledger.inserted(g),i.insert(f,{job:g,parent:null,optionalAncestor:null,state:"queued"},y),W(f.ledger.job(g),[])}),getJob:s=>m(()=>{let f=k(s);return W(f,r.progress.ofJob.all(f.sequence))}),queryJobs:s=>m(()=>d.queryJobs(s)),countJobs:s=>m(()=>d.countJobs(s)),readQueueStats:s=>m(()=>d.readQueueStats(s)),cancelJob:s=>l(f=>{let y=f.ledger.jobById(s);if(y===void 0)throw ge(s);st(y)&&(y.canceled=1)}),retryJob:s=>l(f=>{let y=f.ledger.jobById(s);if(y===void 0)throw ge(s);let g=L(y.state);if(g!=="failed"&&g!=="canceled")return 0;y.canceled=0;let R=r.tasks.failedOfJob.all(y.sequence);for(let _ of R)o.retry(f,_);for(let{queue:_}of r.queues.waitingOfJob.all(y.sequence))f.markReady(y.sequence,_,y.queued);return R.length}),listTasks:s=>m(()=>c.list(k(s.job),s)),readTaskTree:(s,f)=>m(()=>c.tree(k(s),f)),readRootTasks:(s,f)=>m(()=>c.roots(k(s),f)),readQueuedTask:s=>m(()=>c.queued(s)),nextTask:({computed:s,offer:f})=>l(y=>{let g=s===void 0?void 0:o.compute(y,s);if(f===void 0)return{task:void 0};let R=f.cluster.kind==="slug"?f.cluster.slug:b();return{task:u.claim(y,u.queuesFor(R,f.identifiers),g)}}),failTask:s=>l(f=>o.fail(f,s)),extendLease:(s,f)=>l(y=>{let g=r.tasks.byId.get(s);if(g===void 0||g.state!==2)return;let R=tt(f);return r.tasks.setLease.run(y.nowMs+R.leaseMs,g.sequence),R}),endLeases:()=>l(s=>{for(let y of r.tasks.leasesEndedBy.all(s.nowMs,jr))o.endLease(s,y);let f=r.tasks.nextLeaseEnd.get();return f===void 0?void 0:f.lease_ends_at_ms}),onReady:s=>n.subscribe(s)};function T(s,f){let y=s.groups.length;return N(r.jobs.insert.get(f,s.name,s.name.toLowerCase(),s.traceParent,Ur(s.traceParent),s.automation??null,I.submitted,y)).sequence}}function ge(e){return new w("job-not-found",`There is no job ${e}`)}function Ur(e){return/^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(e)?.[1]??""}function vt(e){let{extendLeasesTo:t}=Te(e.database).tasks;return e.writer.submit(()=>{let r=e.clock()+15e3;t.run(r,r)})}var xt=`
  CREATE TABLE api_keys (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    role          TEXT NOT NULL CHECK (role IN ('admin', 'runner')),
    secret_sha256 TEXT NOT NULL UNIQUE,
    created_at_ms INTEGER NOT NULL,
    revoked_at_ms INTEGER
  ) STRICT;
`;function vr(e){let t="id, name, role, created_at_ms, revoked_at_ms";return{insert:p(e,"INSERT INTO api_keys (id, name, role, secret_sha256, created_at_ms) VALUES (?, ?, ?, ?, ?)"),byName:p(e,`SELECT ${t} FROM api_keys WHERE name = ?`),bySecret:p(e,`SELECT ${t} FROM api_keys WHERE secret_sha256 = ? AND revoked_at_ms IS NULL`),all:p(e,`SELECT ${t} FROM api_keys ORDER BY created_at_ms, id`),revoke:p(e,"UPDATE api_keys SET revoked_at_ms = ? WHERE name = ? AND revoked_at_ms IS NULL")}}function Wt(e){let{database:t,writer:r,clock:n,ids:l}=e,u=vr(t),i=a=>{let o=u.byName.get(a);if(o===void 0)throw new w("key-not-found",`There is no API key named "${a}"`);return Re(o)};return{addKey:({name:a,role:o,secretSha256:c})=>r.submit(()=>{if(u.byName.get(a)!==void 0)throw new w("already-exists",`An API key named "${a}" exists already`,{next:"Choose another name; names are kept in the history, so a revoked one is not given again."});return u.insert.run(l.next(),a,o,c,n()),i(a)}),findKey:a=>e.read(()=>{let o=u.bySecret.get(a);return o===void 0?void 0:Re(o)}),listKeys:()=>e.read(()=>u.all.all().map(Re)),revokeKey:a=>r.submit(()=>(u.revoke.run(n(),a),i(a)))}}function Re(e){return{id:e.id,name:e.name,role:e.role,createdAtMs:e.created_at_ms,revokedAtMs:e.revoked_at_ms??void 0}}var xr=`
  CREATE TABLE IF NOT EXISTS migrations (
    number        INTEGER PRIMARY KEY,
    name          TEXT NOT NULL,
    breaking      INTEGER NOT NULL CHECK (breaking IN (0, 1)),
    applied_at_ms INTEGER NOT NULL
  ) STRICT;
`;function Gt(e,t){let{migrations:r,clock:n}=t;e.exec("BEGIN IMMEDIATE");try{e.exec(xr);let l=Ft(e);Ht(l,r);for(let[u,i]of r.entries())u<l.length||(e.exec(i.sql),e.prepare("INSERT INTO migrations (number, name, breaking, applied_at_ms) VALUES (?, ?, ?, ?)").run(u+1,i.name,i.breaking?1:0,n()));e.exec("COMMIT")}catch(l){throw e.isTransaction&&e.exec("ROLLBACK"),l}}function Jt(e,t){if(e.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").get()===void 0)return!1;let n=Ft(e);return Ht(n,t),n.length>=t.length}function Ft(e){return e.prepare("SELECT number, name, breaking FROM migrations ORDER BY number").all()}function Ht(e,t){let r=t.length,n=e.find(l=>l.number>r&&l.breaking===1);if(n!==void 0)throw new w("store-newer",`The database has schema ${n.number} ("${n.name}"), this version knows schemas up to ${r}`);for(let l of e){let u=t[l.number-1];if(u!==void 0&&u.name!==l.name)throw new w("store-newer",`The database's schema ${l.number} is "${l.name}", in this version it is "${u.name}": it was not written by an older version of this program`)}}function Bt(e,t,r,n){let{writer:l,read:u,clock:i}=e,a=Wr(e,t,r),o=Gr(e,t,r),c=async(d,m)=>{let E=await l.submit(()=>o(d,m));for(let b of E.clusters)E.changes.some(k=>k.cluster===b.slug)&&n.emit({cluster:b.slug,revision:b.revision});return E};return{publish:d=>{let m=JSON.stringify(d.files);return l.submit(()=>a(d,m))},unpublish:({workflow:d,release:m,actor:E})=>l.submit(()=>{let b=t.release(t.requireRelease(t.requireWorkflow(d),m));if(b.clusters.length>0){let f=b.clusters.map(y=>`"${y.slug}"`).join(", ");throw new w("release-deployed",`The release ${m} is deployed on ${f}`)}let{fingerprint:k}=b.content,{digest:T}=b.artifact,s={kind:"unpublish",release:m,fingerprint:k,digest:T};v(r,{atMs:i(),actor:E,workflow:d,...s}),t.releases.delete.run(m)}),deploy:d=>c(d,"deploy"),undeploy:d=>c(d,"undeploy"),findFileTree:d=>u(()=>{let m=t.releases.fileTree.get(d);return m===void 0?void 0:JSON.parse(m.tree)}),listHistory:d=>u(()=>Ze(r,d))}}function Wr(e,t,r){let n=le(e.database);return(l,u)=>{let{content:i,actor:a}=l,o=t.requireWorkflow(l.workflow),c=n.byId.get(l.artifact);if(c===void 0)throw new w("artifact-not-found",`There is no artifact ${l.artifact}`);let d=t.releases.byContent.get(o.id,i.fingerprint,c.id);if(d!==void 0){let k=t.release(d),T=JSON.parse(t.releases.fileTree.get(d.id)?.tree??"[]");if(Ue({content:k.content,files:T},l))return{release:k,created:!1};throw new w("request-invalid",`The release ${d.id} has the same fingerprint and artifact, but other tasks, files or entry point`,{next:"Compute the fingerprint over the tasks, the files and the entry point, then publish again."})}let m=e.ids.next(),E=e.clock();t.releases.insert.run(m,o.id,c.id,i.fingerprint,JSON.stringify(i.tasks.map(({name:k,version:T})=>({name:k,version:T}))),i.runnerObjectPath,JSON.stringify(i.commandOverride),Buffer.byteLength(u),E),t.releases.insertFileTree.run(m,u);let b={kind:"publish",release:m,fingerprint:i.fingerprint,digest:c.digest};return v(r,{atMs:E,actor:a,workflow:o.slug,...b,kind:"publish"}),{release:t.release(t.requireRelease(o,m)),created:!0}}}function Gr(e,t,r){let n=l=>{let i=[t.clusters.default.get(),...l.map(o=>t.findCluster(o))].filter(o=>o!==void 0).map(o=>({...U(o),row:o})),a=Ae(l,[...new Map(i.map(o=>[o.slug,o])).values()]);if(a.kind==="unknown")throw J(a.slugs);return a.clusters.map(o=>o.row)};return(l,u)=>{let{actor:i}=l,a=t.requireWorkflow(l.workflow),o=t.requireRelease(a,l.release),c=n(l.clusters),d=c.map(({slug:b})=>({cluster:b,release:t.deployments.on.get(b,a.id)?.release_id})),m=u==="deploy"?De(d,o.id):Me(d,o.id),E=e.clock();for(let b of m)b.after===void 0?t.deployments.remove.run(b.cluster,a.id):t.deployments.put.run(b.cluster,a.id,b.after,E,i),t.clusters.raiseRevision.run(b.cluster),v(r,{atMs:E,actor:i,workflow:a.slug,kind:u,...b});return{release:t.release(o),clusters:c.map(({slug:b})=>t.cluster(t.requireCluster({kind:"slug",slug:b}))),changes:m}}}var Pt=`
  CREATE TABLE telemetry_sources (
    sequence        INTEGER PRIMARY KEY,
    sha256          BLOB NOT NULL UNIQUE,
    resource        BLOB NOT NULL,
    scope           BLOB NOT NULL,
    last_used_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX telemetry_sources_by_use ON telemetry_sources (last_used_at_ms);
  CREATE TABLE telemetry_records (
    sequence       INTEGER PRIMARY KEY, -- ascends with the time of arrival
    kind           INTEGER NOT NULL CHECK (kind IN (1, 2)),
    job            INTEGER,             -- jobs.sequence
    task           INTEGER,             -- tasks.sequence
    at_us          INTEGER NOT NULL,
    severity       INTEGER NOT NULL,    -- the wire's group; 0 for none
    received_at_ms INTEGER NOT NULL,
    size_bytes     INTEGER NOT NULL,
    source         INTEGER NOT NULL,
    record         BLOB NOT NULL
  ) STRICT;
  CREATE INDEX telemetry_of_job ON telemetry_records (job, kind, at_us);
  CREATE INDEX telemetry_by_time ON telemetry_records (kind, at_us);
  CREATE TABLE telemetry_usage (
    job        INTEGER NOT NULL, -- 0 for everything together
    kind       INTEGER NOT NULL, -- 0 for both
    size_bytes INTEGER NOT NULL,
    PRIMARY KEY (job, kind)
  ) STRICT, WITHOUT ROWID;
`;function $t(e){return{findSource:p(e,"SELECT sequence, last_used_at_ms FROM telemetry_sources WHERE sha256 = ?"),insertSource:p(e,`INSERT INTO telemetry_sources (sha256, resource, scope, last_used_at_ms) VALUES (?, ?, ?, ?)
       RETURNING sequence`),useSource:p(e,"UPDATE telemetry_sources SET last_used_at_ms = ? WHERE sequence = ?"),removeSources:p(e,"DELETE FROM telemetry_sources WHERE last_used_at_ms < ?"),insert:p(e,`INSERT INTO telemetry_records (kind, job, task, at_us, severity, received_at_ms, size_bytes, source,
         record)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`),oldest:p(e,`SELECT sequence, kind, job, size_bytes, received_at_ms FROM telemetry_records
       WHERE sequence > 0 ORDER BY sequence LIMIT ?`),oldestOfJob:p(e,`SELECT sequence, kind, job, size_bytes FROM telemetry_records WHERE job = ? AND kind = ?
       ORDER BY at_us LIMIT ?`),remove:p(e,"DELETE FROM telemetry_records WHERE sequence = ?"),addUsage:p(e,`INSERT INTO telemetry_usage (job, kind, size_bytes) VALUES (?, ?, ?)
       ON CONFLICT (job, kind) DO UPDATE SET size_bytes = size_bytes + excluded.size_bytes
       RETURNING size_bytes`),jobOfTrace:p(e,"SELECT sequence FROM jobs WHERE trace_id = ? ORDER BY sequence DESC LIMIT 1"),countOfSeverity:p(e,`SELECT count(*) AS count FROM telemetry_records
       WHERE kind = ? AND at_us >= ? AND at_us < ? AND severity = ?`)}}function Xt(e,t){let r=t==="ascending"?"ASC":"DESC";return{sql:`SELECT records.sequence, records.at_us, records.record, sources.resource, sources.scope
          FROM telemetry_records AS records
            CROSS JOIN telemetry_sources AS sources ON sources.sequence = records.source
          WHERE ${e.map(n=>n.sql).join(" AND ")}
          ORDER BY records.at_us ${r}, records.sequence ${r} LIMIT ?`,values:e.flatMap(n=>n.values)}}var ke=[{name:"releases",breaking:!0,sql:[xt,We,$e,pt,dt,ut,ze].join(`
`)},{name:"jobs",breaking:!0,sql:[Pe,nt,qt,Dt,Lt].join(`
`)},{name:"telemetry",breaking:!1,sql:Pt},{name:"task contracts",breaking:!1,sql:Ge}];import{createHash as Jr}from"node:crypto";function js(e){return e>=17?"error":e>=13?"warning":e>=9?"info":e>=5?"debug":e>=1?"trace":void 0}var Qt={maxAgeMs:30*864e5,maxTotalBytes:512*1024*1024,maxJobBytes:16*1024*1024,maxRecordBytes:1024*1024};var F={log:1,span:2},ne={trace:1,debug:2,info:3,warning:4,error:5},Fr=Object.keys(ne),Hr=100,Kt=36e5,Yt=2e3,zt=[0,0];function Zt(e,t=Qt){let{database:r,writer:n,read:l,clock:u}=e,i=$t(r),a=$(r),o=Z(r);function c({resource:s,scope:f}){let y=Jr("sha256").update(`${s.length}:`).update(s).update(f).digest(),g=u(),R=i.findSource.get(y);return R===void 0?N(i.insertSource.get(y,s,f,g)).sequence:(g-R.last_used_at_ms>Kt&&i.useSource.run(g,R.sequence),R.sequence)}function d(){let s=new Map,f=new Map;return({task:y,traceId:g})=>{if(y!==void 0&&!f.has(y)){let _=o.byId.get(y);f.set(y,_===void 0?void 0:{job:_.job,task:_.sequence})}let R=y===void 0?void 0:f.get(y);return R!==void 0?R:g===""?{job:null,task:null}:(s.has(g)||s.set(g,i.jobOfTrace.get(g)?.sequence??null),{job:s.get(g)??null,task:null})}}function m(s,f,y,{job:g,task:R}){let _=f.record.length+Hr,S=f.severity===void 0?0:ne[f.severity];return i.insert.run(F[s],g,R,f.atUs,S,u(),_,y,f.record),_}function E(s){for(let{sequence:f,kind:y,job:g,size_bytes:R}of s)i.remove.run(f),i.addUsage.run(...zt,-R),g!==null&&i.addUsage.run(g,y,-R)}function b(s){let f=u()-t.maxAgeMs,y=s-t.maxTotalBytes,R=i.oldest.all(y>0?Yt:100).filter(_=>{let S=_.received_at_ms<f||y>0;return S&&(y-=_.size_bytes),S});E(R),R.length>0&&i.removeSources.run(f-Kt)}function k(s,f,y){let g=y,R=i.oldestOfJob.all(s,F[f],Yt).filter(_=>{let S=g>0;return S&&(g-=_.size_bytes),S});E(R)}return{addRecords:(s,f)=>n.submit(()=>{let y=d(),g=new Map,R=0;for(let{source:_,records:S}of f){let O=S.map(h=>({record:h,of:y(h)})).filter(({record:h,of:D})=>h.record.length<=t.maxRecordBytes&&(s==="log"||D.job!==null));if(O.length===0)continue;let oe=c(_);for(let{record:h,of:D}of O){let Se=m(s,h,oe,D);R+=Se,D.job!==null&&g.set(D.job,(g.get(D.job)??0)+Se)}}for(let[_,S]of g){let O=N(i.addUsage.get(_,F[s],S)).size_bytes-t.maxJobBytes;O>0&&k(_,s,O)}b(N(i.addUsage.get(...zt,R)).size_bytes)}),queryRecords:s=>l(()=>{let f=[{sql:"records.kind = ?",values:[F[s.kind]]},...T(s),...Br(s)],{sql:y,values:g}=Xt(f,s.direction),R=r.prepare(y).all(...g,s.limit+1),_=R.slice(0,s.limit),S=_.at(-1);return{records:_.map(({record:O,resource:oe,scope:h})=>({record:O,source:{resource:oe,scope:h}})),next:R.length>s.limit&&S!==void 0?{atUs:S.at_us,sequence:S.sequence}:void 0}}),countLogs:s=>l(()=>{let[f,y]=Vt(s),g=[void 0,...Fr].map(R=>{let _=R===void 0?0:ne[R],S=i.countOfSeverity.get(F.log,f,y,_);return[R,N(S).count]});return new Map(g.filter(([,R])=>R>0))})};function T({of:s,severities:f}){let y=f.map(O=>ne[O]),g=y.length===0?[]:[{sql:`records.severity IN (${y.map(()=>"?").join(", ")})`,values:y}];if("interval"in s)return[{sql:"records.at_us >= ? AND records.at_us < ?",values:Vt(s.interval)},...g];let R=a.byId.get(s.job);if(R===void 0)throw new w("job-not-found",`There is no job ${s.job}`);let _={sql:"records.job = ?",values:[R.sequence]};if(s.task===void 0)return[_,...g];let S=o.byId.get(s.task);if(S?.job!==R.sequence)throw new w("task-not-found",`The job ${s.job} has no task ${s.task}`);return[_,{sql:"records.task = ?",values:[S.sequence]},...g]}}function Br({startingAfter:e,direction:t}){return e===void 0?[]:[{sql:`(records.at_us, records.sequence) ${t==="ascending"?">":"<"} (?, ?)`,values:[e.atUs,e.sequence]}]}function Vt({fromMs:e,beforeMs:t}){let r=n=>Math.min(Math.max(n*1e3,0),Number.MAX_SAFE_INTEGER);return[r(e??0),r(t??Number.MAX_SAFE_INTEGER)]}var Pr="",$r=-1;function er(e,t,r){let{writer:n,read:l,clock:u,ids:i}=e;return{createWorkflow:({slug:a,name:o,summary:c,description:d})=>n.submit(()=>{if(t.workflows.bySlug.get(a)!==void 0)throw new w("already-exists",`A workflow "${a}" exists already`);return t.workflows.insert.run(i.next(),a,o,c,d,u()),t.workflow(t.requireWorkflow(a))}),getWorkflow:a=>l(()=>t.workflow(t.requireWorkflow(a))),listWorkflows:({limit:a,startingAfter:o})=>l(()=>{let c=o??Pr;if(a===void 0)return{workflows:t.workflows.after.all(c,$r).map(t.workflow),next:void 0};let d=t.workflows.after.all(c,a+1),m=d.slice(0,a),E=d.length>a?m.at(-1):void 0;return{workflows:m.map(t.workflow),next:E===void 0?void 0:{limit:a,startingAfter:E.id}}}),updateWorkflow:(a,{name:o,summary:c,description:d})=>n.submit(()=>(t.requireWorkflow(a),t.workflows.update.run(o??null,c??null,d??null,a),t.workflow(t.requireWorkflow(a)))),deleteWorkflow:({workflow:a,actor:o})=>n.submit(()=>{let c=t.requireWorkflow(a),{releases:d}=t.workflow(c),m=new Set(d.flatMap(b=>b.clusters.map(({slug:k})=>k)));if(m.size>0){let b=[...m].map(k=>`"${k}"`).join(", ");throw new w("release-deployed",`The workflow "${a}" is deployed on ${b}`)}let E=u();for(let b of d.toReversed())v(r,{atMs:E,actor:o,workflow:a,kind:"unpublish",release:b.id,fingerprint:b.content.fingerprint,digest:b.artifact.digest});t.workflows.delete.run(c.id)})}}function tr(e,t){let r={begin:e.prepare("BEGIN IMMEDIATE"),commit:e.prepare("COMMIT"),rollback:e.prepare("ROLLBACK"),savepoint:e.prepare("SAVEPOINT operation"),release:e.prepare("RELEASE operation"),undo:e.prepare("ROLLBACK TO operation")},n=[],l=[],u=!1,i;function a(d){r.savepoint.run();try{let m=d();return r.release.run(),{ok:!0,result:m}}catch(m){if(!e.isTransaction)throw m;return r.undo.run(),r.release.run(),{ok:!1,error:j(m,t)}}}function o(d){r.begin.run();try{let m=[];for(let E of d)m.push(a(E.operation));for(let{write:E}of l)E();return r.commit.run(),m}catch(m){e.isTransaction&&r.rollback.run();for(let{undone:E}of l)E();throw m}finally{l=[]}}function c(){let d=n;try{let m=o(d);for(let[E,b]of d.entries()){let k=m[E];k?.ok?b.resolve(k.result):b.reject(k?.error)}}catch(m){let E=j(m,t),b=E instanceof M?E:Xr(t,m);for(let k of d)k.reject(b)}n=[],i?.()}return{submit(d){return u?Promise.reject(_e()):new Promise((m,E)=>{n.push({operation:d,resolve:b=>m(b),reject:E}),n.length===1&&setImmediate(c)})},atCommit(d){l.push(d)},async close(){u=!0,n.length>0&&await new Promise(d=>i=d)}}}function Xr(e,t){return new M("store-failed",`The database ${e} did not take the write`,{cause:t})}function _e(){return new M("store-failed","The store is closed")}var Kr=2e3;async function Ea(e){var l=[];try{let t=Qr(e.dataFolder);let r=rr(t,"control-plane.sqlite");let n=Ne(l,new DisposableStack);try{Ke(t);let o=e.role==="server"?Kr:0,c=Ce(rr(t,"control-plane.lock"),o);if(c!==void 0)n.use(c);else if(e.role==="server")throw se(t);let d=n.adopt(Qe(r),b=>b.close());if(c!==void 0)Gt(d,{migrations:ke,clock:e.clock});else if(!Jt(d,ke))throw se(t);Ye(t);let m=Yr(d,r,e);await zr(m.session,e.random),e.role==="server"&&await vt(m.session);let E=n.move();return{...m.parts,async close(){await m.session.writer.close(),E.dispose()}}}catch(o){throw j(o,r)}}catch(u){var i=u,a=!0}finally{we(l,i,a)}}function Yr(e,t,r){let n={database:e,writer:tr(e,t),async read(o){if(!e.isOpen)throw _e();try{return o()}catch(c){throw j(c,t)}},clock:r.clock,ids:Le(r)},l=yt(e),u=Ve(e),i=new Q,a={keys:Wt(n),artifacts:Je(n),clusters:Xe(n,l,i),workflows:er(n,l,u),releases:Bt(n,l,u,i),jobs:Ut(n,l),telemetry:Zt(n),probe:()=>n.writer.submit(()=>{})};return{session:n,parts:a}}function zr(e,t){let r=X(e.database);return e.writer.submit(()=>{r.default.get()===void 0&&r.insert.run(ve(ue,t),ue,"",1)})}export{Zr as a,ve as b,js as c,Ea as d};
