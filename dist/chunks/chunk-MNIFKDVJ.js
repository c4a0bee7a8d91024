var I=Object.defineProperty;var ie=Object.getOwnPropertyDescriptor;var Te=Object.getOwnPropertyNames;var ue=Object.prototype.hasOwnProperty;var le=(e,t)=>{for(var r in t)I(e,r,{get:t[r],enumerable:!0})},_e=(e,t,r,a)=>{if(t&&typeof t=="object"||typeof t=="function")for(let o of Te(t))!ue.call(e,o)&&o!==r&&I(e,o,{get:()=>t[o],enumerable:!(a=ie(t,o))||a.enumerable});return e};var Ne=e=>_e(I({},"__esModule",{value:!0}),e);var Xe={};le(Xe,{A:()=>q,B:()=>X,C:()=>B,D:()=>Y,E:()=>P,F:()=>x,G:()=>V,H:()=>te,I:()=>re,J:()=>ne,K:()=>oe,a:()=>M,b:()=>b,c:()=>v,d:()=>s,e:()=>k,f:()=>d,g:()=>H,h:()=>u,i:()=>j,j:()=>p,k:()=>A,l:()=>c,m:()=>ee,n:()=>se,o:()=>G,p:()=>W,q:()=>F,r:()=>z,s:()=>J,t:()=>Ee,u:()=>ae,v:()=>K,w:()=>$,x:()=>Q,y:()=>Z,z:()=>y});module.exports=Ne(Xe);var f=require("./chunk-XKKXPI3O.js"),_=require("./action-command-run-build-api.js")("chunk-IMQLOR53.js");function s(e,t){return e.prepare(t)}function k(e){if(e===void 0)throw new Error("a row is missing that must be there");return e}var de=`
  CREATE TABLE artifacts (
    id                 TEXT PRIMARY KEY,
    digest             TEXT NOT NULL UNIQUE,
    tar_size_bytes     INTEGER NOT NULL,
    file_count         INTEGER NOT NULL,
    archive_sha256     TEXT NOT NULL,
    archive_size_bytes INTEGER NOT NULL,
    created_at_ms      INTEGER NOT NULL
  ) STRICT;
`,ce=`
  CREATE TABLE contracts (
    fingerprint   TEXT PRIMARY KEY,
    json          TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) STRICT;
`;function y(e){return{insertUnlessKnown:s(e,`INSERT INTO artifacts (id, digest, tar_size_bytes, file_count, archive_sha256, archive_size_bytes,
         created_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING`),byId:s(e,"SELECT * FROM artifacts WHERE id = ?"),byDigest:s(e,"SELECT * FROM artifacts WHERE digest = ?"),insertContract:s(e,`INSERT INTO contracts (fingerprint, json, created_at_ms) VALUES (?, ?, ?)
       ON CONFLICT (fingerprint) DO NOTHING`),contract:s(e,"SELECT json FROM contracts WHERE fingerprint = ?")}}function q(e){let{database:t,writer:r,clock:a,ids:o}=e,n=y(t);return{addArtifact:E=>r.submit(()=>{n.insertUnlessKnown.run(o.next(),E.digest,E.tarSizeBytes,E.fileCount,E.archiveSha256,E.archiveSizeBytes,a());let i=n.byDigest.get(E.digest);if(i===void 0)throw new Error(`artifact ${E.digest} is not where it was written`);return g(i)}),findArtifact:E=>e.read(()=>{let i="id"in E?n.byId.get(E.id):n.byDigest.get(E.digest);return i===void 0?void 0:g(i)}),addContract:({fingerprint:E,json:i})=>r.submit(()=>n.insertContract.run(E,i,a())),findContract:E=>e.read(()=>n.contract.get(E)?.json)}}function g(e){return{id:e.id,digest:e.digest,tarSizeBytes:e.tar_size_bytes,fileCount:e.file_count,archiveSha256:e.archive_sha256,archiveSizeBytes:e.archive_size_bytes,createdAtMs:e.created_at_ms}}function M({tasks:e,canceled:t,started:r,openRootGroups:a}){return t?"canceled":e.failed>0?"failed":a===0?"completed":r?e.running>0?"running":e.computed+e["failed-optional"]>0?"started":"running":"submitted"}function b(e){switch(e){case"submitted":case"running":case"started":return!0;case"completed":case"failed":case"canceled":return!1}}function v(e,t){let{firstStartedMs:r,lastStoppedMs:a,computeMs:o}=t,n=r===void 0||a===void 0?void 0:Math.max(0,a-r);return{firstStartedMs:r,lastStoppedMs:a,computeMs:n===void 0?void 0:o,elapsedMs:n,parallelism:n===void 0?0:n===0?1:Math.max(1,o/n),totalTasks:f.a.reduce((E,i)=>E+e[i],0),tasksByState:f.a.map(E=>({state:E,count:e[E]})).filter(({count:E})=>E>0)}}var Re=`
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
`,d={submitted:1,running:2,started:3,completed:4,failed:5,canceled:6},Le=new Map(Object.keys(d).map(e=>[d[e],e]));function H(e){let t=Le.get(e);if(t===void 0)throw new Error(`the store holds a job state ${e}`);return t}var u=`sequence, id, name, trace_parent, automation_id, state, canceled, open_root_groups, front,
  queued, running, computed, failed, skipped, failed_optional, first_started_at_ms, last_stopped_at_ms,
  compute_ms`;function j(e){return{insert:s(e,`INSERT INTO jobs (id, name, folded_name, trace_parent, trace_id, automation_id, state, open_root_groups)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING ${u}`),byId:s(e,`SELECT ${u} FROM jobs WHERE id = ?`),bySequence:s(e,`SELECT ${u} FROM jobs WHERE sequence = ?`),lock:s(e,{sqlite:`SELECT ${u} FROM jobs WHERE sequence = ?`,postgres:`SELECT ${u} FROM jobs WHERE sequence = ? FOR UPDATE`}),tryLock:s(e,{sqlite:`SELECT ${u} FROM jobs WHERE sequence = ?`,postgres:`SELECT ${u} FROM jobs WHERE sequence = ? FOR UPDATE SKIP LOCKED`}),setCounts:s(e,`UPDATE jobs SET open_root_groups = ?, front = ?, queued = ?, running = ?, computed = ?, failed = ?,
         skipped = ?, failed_optional = ?, first_started_at_ms = ?, last_stopped_at_ms = ?, compute_ms = ?
       WHERE sequence = ?`),setState:s(e,"UPDATE jobs SET state = ?, canceled = ? WHERE sequence = ?"),addTaskState:s(e,"INSERT INTO job_task_states (state, job_id) VALUES (?, ?) ON CONFLICT DO NOTHING"),removeTaskState:s(e,"DELETE FROM job_task_states WHERE state = ? AND job_id = ?"),addCluster:s(e,"INSERT INTO job_clusters (cluster, job_id) VALUES (?, ?) ON CONFLICT DO NOTHING")}}var pe=`
  CREATE TABLE clusters (
    slug         TEXT PRIMARY KEY,
    display_name TEXT NOT NULL,
    description  TEXT NOT NULL,
    is_default   INTEGER NOT NULL CHECK (is_default IN (0, 1)),
    revision     INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE UNIQUE INDEX one_default_cluster ON clusters (is_default) WHERE is_default = 1;
`,Oe=Object.keys(d).filter(b).map(e=>d[e]);function G(e){return{insert:s(e,"INSERT INTO clusters (slug, display_name, description, is_default) VALUES (?, ?, ?, ?)"),bySlug:s(e,"SELECT * FROM clusters WHERE slug = ?"),default:s(e,"SELECT * FROM clusters WHERE is_default = 1"),all:s(e,"SELECT * FROM clusters ORDER BY is_default DESC, slug"),update:s(e,`UPDATE clusters SET display_name = coalesce(?, display_name), description = coalesce(?, description)
       WHERE slug = ?`),raiseRevision:s(e,"UPDATE clusters SET revision = revision + 1 WHERE slug = ?"),anOpenJob:s(e,`SELECT sequence FROM jobs CROSS JOIN job_clusters ON job_id = jobs.id
       WHERE state IN (${Oe.join(", ")}) AND cluster = ? LIMIT 1`),delete:s(e,"DELETE FROM clusters WHERE slug = ?")}}function W(e){return{slug:e.slug,displayName:e.display_name,description:e.description,isDefault:e.is_default===1}}var Ie=`
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
`;function F(e){return{put:s(e,`INSERT INTO deployments (cluster_slug, workflow_id, release_id, deployed_at_ms, deployed_by)
       VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (cluster_slug, workflow_id) DO UPDATE SET release_id = excluded.release_id,
         deployed_at_ms = excluded.deployed_at_ms, deployed_by = excluded.deployed_by`),remove:s(e,"DELETE FROM deployments WHERE cluster_slug = ? AND workflow_id = ?"),on:s(e,"SELECT * FROM deployments WHERE cluster_slug = ? AND workflow_id = ?"),ofCluster:s(e,`SELECT deployments.* FROM deployments JOIN workflows ON workflows.id = workflow_id
       WHERE cluster_slug = ? ORDER BY workflows.slug`),clustersOfRelease:s(e,`SELECT clusters.* FROM deployments JOIN clusters ON clusters.slug = cluster_slug
       WHERE release_id = ? ORDER BY clusters.slug`),clustersOfWorkflow:s(e,`SELECT clusters.*, release_id FROM deployments JOIN clusters ON clusters.slug = cluster_slug
       WHERE workflow_id = ? ORDER BY clusters.slug`)}}var me=`
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
`,fe=`
  CREATE TABLE history_with_runs (
    sequence       INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms          INTEGER NOT NULL,
    actor          TEXT NOT NULL,
    kind           TEXT NOT NULL CHECK (kind IN ('publish', 'unpublish', 'deploy', 'undeploy', 'gate')),
    workflow_slug  TEXT NOT NULL,
    cluster_slug   TEXT CHECK ((cluster_slug IS NULL) = (kind IN ('publish', 'unpublish'))),
    release_before TEXT CHECK ((release_before IS NULL) <= (kind IN ('publish', 'deploy', 'gate'))),
    release_after  TEXT CHECK ((release_after IS NULL) = (kind IN ('unpublish', 'undeploy'))),
    fingerprint    TEXT CHECK ((fingerprint IS NULL) = (kind IN ('deploy', 'undeploy', 'gate'))),
    digest         TEXT CHECK ((digest IS NULL) = (kind IN ('deploy', 'undeploy', 'gate'))),
    provenance     TEXT,
    gate           TEXT CHECK ((gate IS NULL) = (kind <> 'gate'))
  ) STRICT;
  INSERT INTO history_with_runs
    SELECT sequence, at_ms, actor, kind, workflow_slug, cluster_slug, release_before, release_after, fingerprint,
      digest, NULL, NULL
    FROM history;
  DROP TABLE history;
  ALTER TABLE history_with_runs RENAME TO history;
  CREATE INDEX history_by_workflow ON history (workflow_slug, sequence);
  CREATE INDEX history_by_workflow_and_cluster ON history (workflow_slug, cluster_slug, sequence);
  CREATE INDEX history_by_cluster ON history (cluster_slug, sequence);
  CREATE TRIGGER history_is_not_changed BEFORE UPDATE ON history
    BEGIN SELECT raise(ABORT, 'history is append-only'); END;
  CREATE TRIGGER history_is_not_deleted BEFORE DELETE ON history
    BEGIN SELECT raise(ABORT, 'history is append-only'); END;
`,S={workflow:"workflow_slug = ?",cluster:"cluster_slug = ?",release:"? IN (release_before, release_after)"},U=Object.keys(S),ke=[0,1,2,3,4,5,6,7].map(e=>U.filter((t,r)=>(e&1<<r)!==0));function X(e){let t=r=>s(e,`SELECT * FROM history WHERE ${[...r.map(a=>`${S[a]} AND `)].join("")}sequence < ?
       ORDER BY sequence DESC LIMIT ?`);return{append:s(e,`INSERT INTO history (at_ms, actor, kind, workflow_slug, cluster_slug, release_before, release_after,
         fingerprint, digest, provenance, gate)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),newest:new Map(ke.map(r=>[r.join(),t(r)])),deployOf:s(e,`SELECT sequence FROM history
       WHERE workflow_slug = ? AND cluster_slug = ? AND release_after = ? AND kind = 'deploy' LIMIT 1`),lastDeploy:s(e,`SELECT provenance FROM history
       WHERE workflow_slug = ? AND cluster_slug = ? AND kind = 'deploy' ORDER BY sequence DESC LIMIT 1`)}}function B(e,t){let{atMs:r,actor:a,kind:o,workflow:n}=t,E=t.provenance===void 0?null:JSON.stringify(t.provenance),{cluster:i,before:T,after:R,fingerprint:O,digest:L,gate:N}=ye(t);e.append.run(r,a,o,n,i??null,T??null,R??null,O??null,L??null,E,N===void 0?null:JSON.stringify(N))}function Y(e,t,r){let a=e.lastDeploy.get(t,r)?.provenance??null;return a===null?void 0:JSON.parse(a).commit}function ye(e){switch(e.kind){case"publish":return{after:e.release,fingerprint:e.fingerprint,digest:e.digest};case"unpublish":return{before:e.release,fingerprint:e.fingerprint,digest:e.digest};case"deploy":case"undeploy":return{cluster:e.cluster,before:e.before,after:e.after};case"gate":return{cluster:e.cluster,after:e.release,gate:e.gate}}}function P(e,t){let{before:r=Number.MAX_SAFE_INTEGER,limit:a}=t,o=U.filter(E=>t[E]!==void 0),n=o.flatMap(E=>t[E]??[]);return(e.newest.get(o.join())?.all(...n,r,a)??[]).map(be)}function be(e){let t={sequence:e.sequence,atMs:e.at_ms,actor:e.actor,workflow:e.workflow_slug,provenance:e.provenance===null?void 0:JSON.parse(e.provenance)};switch(e.kind){case"publish":case"unpublish":return{...t,kind:e.kind,release:l(e.release_after??e.release_before),fingerprint:l(e.fingerprint),digest:l(e.digest)};case"deploy":case"undeploy":return{...t,kind:e.kind,cluster:l(e.cluster_slug),before:e.release_before??void 0,after:e.release_after??void 0};case"gate":return{...t,kind:e.kind,cluster:l(e.cluster_slug),release:l(e.release_after),gate:JSON.parse(l(e.gate))}}}function l(e){if(e===null)throw new Error("a history row lacks a column of its kind");return e}var Ae=`
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
`;function C(e,t){let r=a=>`${e}(0, ${t}(job_progress.${a} + excluded.${a}, ${Number.MAX_SAFE_INTEGER}))`;return`INSERT INTO job_progress (job, label, tasks, total, done) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (job, label) DO UPDATE SET
      tasks = job_progress.tasks + excluded.tasks, total = ${r("total")}, done = ${r("done")}`}function K(e){return{ofJob:s(e,"SELECT label, total, done FROM job_progress WHERE job = ? AND tasks > 0 ORDER BY sequence"),ofTask:s(e,"SELECT label, total, done FROM task_progress WHERE task = ?"),removeOfTask:s(e,"DELETE FROM task_progress WHERE task = ?"),insert:s(e,"INSERT INTO task_progress (task, label, total, done) VALUES (?, ?, ?, ?)"),add:s(e,{sqlite:C("max","min"),postgres:C("greatest","least")})}}function $(e){return(t,r,a,o)=>{let n=o?[]:e.ofTask.all(r);if(n.length>0){for(let{label:E,total:i,done:T}of n)e.add.run(t,E,-1,-i,-T);e.removeOfTask.run(r)}for(let{label:E,total:i,done:T}of a)e.insert.run(r,E,i,T),e.add.run(t,E,1,i,T)}}var ge=`
  CREATE TABLE api_keys (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    role          TEXT NOT NULL CHECK (role IN ('admin', 'runner')),
    secret_sha256 TEXT NOT NULL UNIQUE,
    created_at_ms INTEGER NOT NULL,
    revoked_at_ms INTEGER
  ) STRICT;
`;function Se(e){let t="id, name, role, created_at_ms, revoked_at_ms";return{insert:s(e,"INSERT INTO api_keys (id, name, role, secret_sha256, created_at_ms) VALUES (?, ?, ?, ?, ?)"),byName:s(e,`SELECT ${t} FROM api_keys WHERE name = ?`),bySecret:s(e,`SELECT ${t} FROM api_keys WHERE secret_sha256 = ? AND revoked_at_ms IS NULL`),all:s(e,`SELECT ${t} FROM api_keys ORDER BY created_at_ms, id`),revoke:s(e,"UPDATE api_keys SET revoked_at_ms = ? WHERE name = ? AND revoked_at_ms IS NULL")}}function x(e){let{database:t,writer:r,clock:a,ids:o}=e,n=Se(t),E=i=>{let T=n.byName.get(i);if(T===void 0)throw new _.b("key-not-found",`There is no API key named "${i}"`);return m(T)};return{addKey:({name:i,role:T,secretSha256:R})=>r.submit(()=>{if(n.byName.get(i)!==void 0)throw new _.b("already-exists",`An API key named "${i}" exists already`,{next:"Choose another name; names are kept in the history, so a revoked one is not given again."});return n.insert.run(o.next(),i,T,R,a()),E(i)}),findKey:i=>e.read(()=>{let T=n.bySecret.get(i);return T===void 0?void 0:m(T)}),listKeys:()=>e.read(()=>n.all.all().map(m)),revokeKey:i=>r.submit(()=>(n.revoke.run(a(),i),E(i)))}}function m(e){return{id:e.id,name:e.name,role:e.role,createdAtMs:e.created_at_ms,revokedAtMs:e.revoked_at_ms??void 0}}var Ue=`
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
`;function z(e){let t="SELECT releases.*, artifacts.digest FROM releases JOIN artifacts ON artifacts.id = artifact_id";return{insert:s(e,`INSERT INTO releases (id, workflow_id, artifact_id, fingerprint, tasks, runner_object_path,
         command_override, file_tree_size_bytes, created_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`),insertFileTree:s(e,"INSERT INTO release_file_trees (release_id, tree) VALUES (?, ?)"),fileTree:s(e,"SELECT tree FROM release_file_trees WHERE release_id = ?"),byId:s(e,`${t} WHERE releases.id = ?`),byContent:s(e,`${t} WHERE workflow_id = ? AND fingerprint = ? AND artifact_id = ?`),ofWorkflow:s(e,`${t} WHERE workflow_id = ? ORDER BY releases.created_at_ms DESC, releases.id DESC`),delete:s(e,"DELETE FROM releases WHERE id = ?")}}function J(e,t){return{id:e.id,artifact:{id:e.artifact_id,digest:e.digest},content:{fingerprint:e.fingerprint,tasks:JSON.parse(e.tasks),runnerObjectPath:e.runner_object_path,commandOverride:JSON.parse(e.command_override)},fileTreeSizeBytes:e.file_tree_size_bytes,createdAtMs:e.created_at_ms,clusters:t}}var Ce=`
  CREATE TABLE runners (
    id                TEXT PRIMARY KEY,
    cluster           TEXT NOT NULL, -- slug
    api_key           TEXT NOT NULL, -- name
    worker_key_sha256 TEXT NOT NULL,
    facts             TEXT NOT NULL,
    first_seen_at_ms  INTEGER NOT NULL,
    last_seen_at_ms   INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX runners_by_cluster ON runners (cluster, last_seen_at_ms);
  CREATE INDEX runners_by_worker_key ON runners (worker_key_sha256);
  CREATE INDEX runners_by_last_seen ON runners (last_seen_at_ms);
`;function De(e){let t="id, cluster, api_key, facts, first_seen_at_ms, last_seen_at_ms";return{isThere:s(e,"SELECT id FROM runners WHERE id = ? AND last_seen_at_ms >= ?"),count:s(e,"SELECT count(*) AS count FROM runners WHERE last_seen_at_ms >= ?"),put:s(e,`INSERT INTO runners (id, cluster, api_key, worker_key_sha256, facts, first_seen_at_ms, last_seen_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET cluster = excluded.cluster, api_key = excluded.api_key,
         worker_key_sha256 = excluded.worker_key_sha256, facts = excluded.facts,
         last_seen_at_ms = excluded.last_seen_at_ms`),remove:s(e,"DELETE FROM runners WHERE id = ?"),removeSeenBefore:s(e,"DELETE FROM runners WHERE last_seen_at_ms < ?"),all:s(e,`SELECT ${t} FROM runners WHERE last_seen_at_ms >= ?`),ofCluster:s(e,`SELECT ${t} FROM runners WHERE cluster = ? AND last_seen_at_ms >= ?`),byWorkerKey:s(e,"SELECT api_key FROM runners WHERE worker_key_sha256 = ? AND last_seen_at_ms >= ? LIMIT 1")}}var D=1e4;function V({database:e,writer:t,read:r,clock:a}){let o=De(e);return{reportRunner:({id:n,cluster:E,apiKey:i,workerKeySha256:T,facts:R},O)=>t.submit(()=>{let L=a(),N=L-O;if(o.isThere.get(n,N)===void 0&&k(o.count.get(N)).count>=D)throw new _.c("api-limit",`${D} runners report here, which is the limit`);o.removeSeenBefore.run(N),o.put.run(n,E,i,T,R,L,L)}),removeRunner:n=>t.submit(()=>o.remove.run(n)),listRunners:({cluster:n,expiryMs:E})=>r(()=>{let i=a()-E;return(n===void 0?o.all.all(i):o.ofCluster.all(n,i)).map(he).toSorted(we)}),findRunnerKey:(n,E)=>r(()=>o.byWorkerKey.get(n,a()-E)?.api_key)}}function we(e,t){return e.firstSeenAtMs-t.firstSeenAtMs||(e.id<t.id?-1:1)}function he(e){return{id:e.id,cluster:e.cluster,apiKey:e.api_key,facts:e.facts,firstSeenAtMs:e.first_seen_at_ms,lastSeenAtMs:e.last_seen_at_ms}}var qe=`
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
`,Me=`
  CREATE INDEX task_group_dependents ON task_group_dependencies (dependent);
`;function Q(e){return{insert:s(e,`INSERT INTO task_groups (job, parent, first_task, last_task, open_members, unmet_dependencies)
       VALUES (?, ?, ?, ?, ?, ?) RETURNING sequence`),insertDependency:s(e,"INSERT INTO task_group_dependencies (dependency, dependent) VALUES (?, ?)"),dependents:s(e,`SELECT task_groups.sequence AS "group", task_groups.unmet_dependencies AS "unmetDependencies"
       FROM task_group_dependencies JOIN task_groups ON task_groups.sequence = dependent
       WHERE dependency = ?`),closeOneMember:s(e,`UPDATE task_groups SET open_members = open_members - 1 WHERE sequence = ?
       RETURNING open_members, parent`),meetOneDependency:s(e,"UPDATE task_groups SET unmet_dependencies = unmet_dependencies - 1 WHERE sequence = ?"),setOpenMembers:s(e,"UPDATE task_groups SET open_members = ? WHERE sequence = ?"),bySequence:s(e,"SELECT sequence, job, parent, first_task, last_task FROM task_groups WHERE sequence = ?"),openUnder:s(e,`SELECT sequence, job, parent, first_task, last_task FROM task_groups
       WHERE job = ? AND parent = ? AND open_members > 0`)}}var ve=`
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
`;function Z(e){return{find:s(e,"SELECT sequence FROM task_queues WHERE cluster = ? AND name = ? AND version = ?"),insert:s(e,`INSERT INTO task_queues (cluster, name, version, major, minor) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (cluster, name, version) DO UPDATE SET major = excluded.major
       RETURNING sequence`),bySequence:s(e,"SELECT sequence, cluster, name, version, major, minor FROM task_queues WHERE sequence = ?"),servedBy:s(e,`SELECT sequence, cluster, name, version, major, minor FROM task_queues
       WHERE cluster = ? AND name = ? AND major = ? AND minor <= ?`),addJob:s(e,`INSERT INTO job_queues (job, queue, open, waiting) VALUES (?, ?, ?, ?)
       ON CONFLICT (job, queue) DO UPDATE SET waiting = excluded.waiting
         WHERE job_queues.waiting < excluded.waiting`),setWaiting:s(e,"UPDATE job_queues SET waiting = ?1 WHERE job = ?2 AND queue = ?3 AND waiting <> ?1"),setOpen:s(e,"UPDATE job_queues SET open = ? WHERE job = ?"),firstWaitingJob:s(e,`SELECT job FROM job_queues WHERE queue = ? AND open = 1 AND waiting = 1 AND job > ?
       ORDER BY job LIMIT 1`),waitingOfJob:s(e,"SELECT queue FROM job_queues WHERE job = ? AND waiting = 1")}}var w=2026110004,He=`
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
`,je=`
  CREATE SEQUENCE task_sequences;
  CREATE FUNCTION take_task_sequences(taken bigint) RETURNS bigint LANGUAGE plpgsql AS $$
    DECLARE first bigint;
    BEGIN
      PERFORM pg_advisory_lock(${w});
      first := nextval('task_sequences');
      IF taken > 1 THEN PERFORM setval('task_sequences', first + taken - 1); END IF;
      PERFORM pg_advisory_unlock(${w});
      RETURN first;
    END $$;
`,p={queued:1,running:2,computed:3,failed:4,skipped:5,"failed-optional":6},Ge=new Map(Object.keys(p).map(e=>[p[e],e]));function A(e){let t=Ge.get(e);if(t===void 0)throw new Error(`the store holds a task state ${e}`);return t}var c=`sequence, id, job, task_group, optional_ancestor, queue, state, optional, abandoned,
  max_retries, retry_count, lost_count, given_back_count, started_at_ms, stopped_at_ms`,h=`SELECT ${c} FROM tasks WHERE state = 2 AND lease_ends_at_ms <= ?
  ORDER BY lease_ends_at_ms LIMIT ?`;function ee(e){return{state:A(e.state),started:e.started_at_ms!==null,optional:e.optional===1,inOptionalBranch:e.optional_ancestor!==null,abandoned:e.abandoned===1,maxRetries:e.max_retries,retryCount:e.retry_count,lostCount:e.lost_count,givenBackCount:e.given_back_count}}function se(e){return{byId:s(e,`SELECT ${c} FROM tasks WHERE id = ?`),bySequence:s(e,`SELECT ${c} FROM tasks WHERE sequence = ?`),displays:s(e,"SELECT display, reported_display AS reported FROM tasks WHERE sequence = ?"),failedOfJob:s(e,`SELECT ${c}, reported_display AS reported FROM tasks WHERE job = ? AND state = 4 ORDER BY sequence`),takeSequences:s(e,{sqlite:"SELECT coalesce(max(sequence), 0) + 1 AS first, ? AS taken FROM tasks",postgres:"SELECT take_task_sequences(?) AS first"}),insert:s(e,`INSERT INTO tasks (sequence, id, job, task_group, parent, optional_ancestor, queue, position, state,
         ready, optional, max_retries, display, input)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),run:s(e,`UPDATE tasks SET state = 2, ready = 0, started_at_ms = ?, lease_ends_at_ms = ? WHERE sequence = ?
       RETURNING id, display, input, retry_count`),stop:s(e,`UPDATE tasks SET state = ?, ready = 0, stopped_at_ms = ?, reported_display = ?, open_groups = ?,
         lease_ends_at_ms = NULL
       WHERE sequence = ?`),requeue:s(e,`UPDATE tasks SET state = 1, ready = 1, lease_ends_at_ms = NULL, retry_count = ?, lost_count = ?,
         given_back_count = ?, reported_display = ?, stopped_at_ms = ?
       WHERE sequence = ?`),setLease:s(e,"UPDATE tasks SET lease_ends_at_ms = ? WHERE sequence = ?"),setOpenGroups:s(e,"UPDATE tasks SET open_groups = ? WHERE sequence = ?"),closeOneGroup:s(e,`UPDATE tasks SET open_groups = open_groups - 1 WHERE sequence = ?
       RETURNING open_groups, task_group`),skipQueued:s(e,"UPDATE tasks SET state = 5, ready = 0 WHERE sequence BETWEEN ? AND ? AND state = 1"),abandonRunning:s(e,"UPDATE tasks SET abandoned = 1 WHERE sequence BETWEEN ? AND ? AND state = 2"),openComputed:s(e,"SELECT sequence FROM tasks WHERE sequence BETWEEN ? AND ? AND state = 3 AND open_groups > 0"),queuesOfQueued:s(e,"SELECT queue FROM tasks WHERE sequence BETWEEN ? AND ? AND state = 1"),release:s(e,"UPDATE tasks SET ready = 1 WHERE sequence BETWEEN ? AND ? AND state = 1"),firstReady:s(e,`SELECT sequence, position FROM tasks WHERE job = ? AND queue = ? AND ready = 1
       ORDER BY position LIMIT 1`),leasesEndedBy:s(e,{sqlite:h,postgres:`${h} FOR UPDATE SKIP LOCKED`}),nextLeaseEnd:s(e,"SELECT lease_ends_at_ms FROM tasks WHERE state = 2 AND lease_ends_at_ms > 0 ORDER BY lease_ends_at_ms LIMIT 1"),extendLeasesTo:s(e,"UPDATE tasks SET lease_ends_at_ms = ? WHERE state = 2 AND lease_ends_at_ms < ?")}}var We=`
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
`;function te(e){return{findSource:s(e,"SELECT sequence, last_used_at_ms FROM telemetry_sources WHERE sha256 = ?"),insertSource:s(e,`INSERT INTO telemetry_sources (sha256, resource, scope, last_used_at_ms) VALUES (?, ?, ?, ?)
       RETURNING sequence`),useSource:s(e,"UPDATE telemetry_sources SET last_used_at_ms = ? WHERE sequence = ?"),removeSources:s(e,"DELETE FROM telemetry_sources WHERE last_used_at_ms < ?"),insert:s(e,`INSERT INTO telemetry_records (kind, job, task, at_us, severity, received_at_ms, size_bytes, source,
         record)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`),oldest:s(e,`SELECT sequence, kind, job, size_bytes, received_at_ms FROM telemetry_records
       WHERE sequence > 0 ORDER BY sequence LIMIT ?`),oldestOfJob:s(e,`SELECT sequence, kind, job, size_bytes FROM telemetry_records WHERE job = ? AND kind = ?
       ORDER BY at_us LIMIT ?`),remove:s(e,"DELETE FROM telemetry_records WHERE sequence = ?"),addUsage:s(e,`INSERT INTO telemetry_usage (job, kind, size_bytes) VALUES (?, ?, ?)
       ON CONFLICT (job, kind) DO UPDATE SET size_bytes = telemetry_usage.size_bytes + excluded.size_bytes
       RETURNING size_bytes`),jobOfTrace:s(e,"SELECT sequence FROM jobs WHERE trace_id = ? ORDER BY sequence DESC LIMIT 1"),countOfSeverity:s(e,`SELECT count(*) AS count FROM telemetry_records
       WHERE kind = ? AND at_us >= ? AND at_us < ? AND severity = ?`)}}function re(e,t){let r=t==="ascending"?"ASC":"DESC";return{sql:`SELECT records.sequence, records.at_us, records.record, sources.resource, sources.scope
          FROM telemetry_records AS records
            CROSS JOIN telemetry_sources AS sources ON sources.sequence = records.source
          WHERE ${e.map(a=>a.sql).join(" AND ")}
          ORDER BY records.at_us ${r}, records.sequence ${r} LIMIT ?`,values:e.flatMap(a=>a.values)}}var Fe=`
  CREATE TABLE workflows (
    id            TEXT PRIMARY KEY,
    slug          TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    summary       TEXT NOT NULL,
    description   TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) STRICT;
`;function Ee(e){return{insert:s(e,`INSERT INTO workflows (id, slug, name, summary, description, created_at_ms)
       VALUES (?, ?, ?, ?, ?, ?)`),bySlug:s(e,"SELECT * FROM workflows WHERE slug = ?"),byId:s(e,"SELECT * FROM workflows WHERE id = ?"),after:s(e,"SELECT * FROM workflows WHERE id > ? ORDER BY id LIMIT ?"),update:s(e,`UPDATE workflows SET name = coalesce(?, name), summary = coalesce(?, summary),
         description = coalesce(?, description)
       WHERE slug = ?`),delete:s(e,"DELETE FROM workflows WHERE id = ?")}}function ae(e){return{id:e.id,slug:e.slug,name:e.name,summary:e.summary,description:e.description,createdAtMs:e.created_at_ms}}var ne=[{name:"releases",breaking:!0,sql:[ge,de,pe,Fe,Ue,Ie,me].join(`
`)},{name:"jobs",breaking:!0,sql:[Re,He,qe,ve,Ae].join(`
`)},{name:"telemetry",breaking:!1,sql:We},{name:"task contracts",breaking:!1,sql:ce},{name:"history of runs and gates",breaking:!0,sql:fe},{name:"several control planes",breaking:!1,sql:{sqlite:"",postgres:[je,Me].join(`
`)}},{name:"runners",breaking:!1,sql:Ce}];function oe(e,t){let r=t.length,a=e.find(o=>o.number>r&&o.breaking===1);if(a!==void 0)throw new _.b("store-newer",`The database has schema ${a.number} ("${a.name}"), this version knows schemas up to ${r}`);for(let o of e){let n=t[o.number-1];if(n!==void 0&&n.name!==o.name)throw new _.b("store-newer",`The database's schema ${o.number} is "${o.name}", in this version it is "${n.name}": it was not written by an older version of this program`)}}0&&(module.exports={A,B,C,D,E,F,G,H,I,J,K,a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z});
