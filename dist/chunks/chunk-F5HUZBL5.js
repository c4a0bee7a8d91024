var I=Object.defineProperty;var me=Object.getOwnPropertyDescriptor;var fe=Object.getOwnPropertyNames;var Ie=Object.prototype.hasOwnProperty;var be=(e,t)=>{for(var E in t)I(e,E,{get:t[E],enumerable:!0})},ke=(e,t,E,n)=>{if(t&&typeof t=="object"||typeof t=="function")for(let o of fe(t))!Ie.call(e,o)&&o!==E&&I(e,o,{get:()=>t[o],enumerable:!(n=me(t,o))||n.enumerable});return e};var ge=e=>ke(I({},"__esModule",{value:!0}),e);var _s={};be(_s,{A:()=>X,B:()=>f,C:()=>V,D:()=>z,E:()=>Q,F:()=>Z,G:()=>te,H:()=>oe,I:()=>ie,J:()=>Te,K:()=>_e,L:()=>Ne,M:()=>ce,N:()=>pe,O:()=>Oe,a:()=>B,b:()=>y,c:()=>P,d:()=>s,e:()=>m,f:()=>L,g:()=>Y,h:()=>_,i:()=>K,j:()=>O,k:()=>S,l:()=>p,m:()=>ae,n:()=>ne,o:()=>$,p:()=>x,q:()=>J,r:()=>re,s:()=>Ee,t:()=>Re,u:()=>Le,v:()=>ee,w:()=>se,x:()=>le,y:()=>de,z:()=>A});module.exports=ge(_s);var g=require("./chunk-XKKXPI3O.js"),G=require("./build.js")("chunk-GFPAJVL5.js"),l=require("./action-command-check-run-build-api.js")("chunk-AXJTV5ND.js"),ue=require("node:crypto");function s(e,t){return e.prepare(t)}function m(e){if(e===void 0)throw new Error("a row is missing that must be there");return e}var Ae=`
  CREATE TABLE artifacts (
    id                 TEXT PRIMARY KEY,
    digest             TEXT NOT NULL UNIQUE,
    tar_size_bytes     INTEGER NOT NULL,
    file_count         INTEGER NOT NULL,
    archive_sha256     TEXT NOT NULL,
    archive_size_bytes INTEGER NOT NULL,
    created_at_ms      INTEGER NOT NULL
  ) STRICT;
`,ye=`
  CREATE TABLE contracts (
    fingerprint   TEXT PRIMARY KEY,
    json          TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) STRICT;
`,Se=`
  ALTER TABLE artifacts ADD COLUMN used_at_ms INTEGER;             -- NULL: by a version that did not note it
  ALTER TABLE artifacts ADD COLUMN removal_began_at_ms INTEGER;
  CREATE INDEX artifacts_in_removal ON artifacts (id) WHERE removal_began_at_ms IS NOT NULL;
`,Ue=36e5;function A(e){return{insertUnlessKnown:s(e,`INSERT INTO artifacts (id, digest, tar_size_bytes, file_count, archive_sha256, archive_size_bytes,
         created_at_ms, used_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (digest) DO UPDATE SET used_at_ms = excluded.used_at_ms`),use:s(e,"UPDATE artifacts SET used_at_ms = ? WHERE id = ?"),byId:s(e,"SELECT * FROM artifacts WHERE id = ? AND removal_began_at_ms IS NULL"),byDigest:s(e,"SELECT * FROM artifacts WHERE digest = ?"),insertContract:s(e,`INSERT INTO contracts (fingerprint, json, created_at_ms) VALUES (?, ?, ?)
       ON CONFLICT (fingerprint) DO NOTHING`),contract:s(e,"SELECT json FROM contracts WHERE fingerprint = ?")}}function X(e){let{database:t,writer:E,clock:n,ids:o}=e,a=A(t);function u(r){if(r.removal_began_at_ms===null)return f(r);throw new l.d("artifact-busy",`The artifact ${r.digest} is being removed, because no release names it and nobody used it for long`)}return{addArtifact:r=>E.submit(()=>{let i=n();a.insertUnlessKnown.run(o.next(),r.digest,r.tarSizeBytes,r.fileCount,r.archiveSha256,r.archiveSizeBytes,i,i);let T=a.byDigest.get(r.digest);if(T===void 0)throw new Error(`artifact ${r.digest} is not where it was written`);return u(T)}),findArtifact:r=>e.read(()=>{let i="id"in r?a.byId.get(r.id):a.byDigest.get(r.digest);return i===void 0||i.removal_began_at_ms!==null?void 0:f(i)}),async useArtifact(r){let i=await e.read(()=>a.byDigest.get(r));if(i!==void 0)return i.used_at_ms!==null&&n()-i.used_at_ms<Ue?u(i):await E.submit(()=>{let T=a.byDigest.get(r);if(T===void 0)return;let d=u(T);return a.use.run(n(),T.id),d})},addContract:({fingerprint:r,json:i})=>E.submit(()=>a.insertContract.run(r,i,n())),findContract:r=>e.read(()=>a.contract.get(r)?.json)}}function f(e){return{id:e.id,digest:e.digest,tarSizeBytes:e.tar_size_bytes,fileCount:e.file_count,archiveSha256:e.archive_sha256,archiveSizeBytes:e.archive_size_bytes,createdAtMs:e.created_at_ms}}function B({tasks:e,canceled:t,started:E,openRootGroups:n}){return t?"canceled":e.failed>0?"failed":n===0?"completed":E?e.running>0?"running":e.computed+e["failed-optional"]>0?"started":"running":"submitted"}function y(e){switch(e){case"submitted":case"running":case"started":return!0;case"completed":case"failed":case"canceled":return!1}}function P(e,t){let{firstStartedMs:E,lastStoppedMs:n,computeMs:o}=t,a=E===void 0||n===void 0?void 0:Math.max(0,n-E);return{firstStartedMs:E,lastStoppedMs:n,computeMs:a===void 0?void 0:o,elapsedMs:a,parallelism:a===void 0?0:a===0?1:Math.max(1,o/a),totalTasks:g.a.reduce((u,r)=>u+e[r],0),tasksByState:g.a.map(u=>({state:u,count:e[u]})).filter(({count:u})=>u>0)}}var Ce=`
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
`,De=`
  ALTER TABLE jobs ADD COLUMN canceled_at_ms INTEGER;
`,L={submitted:1,running:2,started:3,completed:4,failed:5,canceled:6},we=new Map(Object.keys(L).map(e=>[L[e],e]));function Y(e){let t=we.get(e);if(t===void 0)throw new Error(`the store holds a job state ${e}`);return t}var _=`sequence, id, name, trace_parent, automation_id, state, canceled, open_root_groups, front,
  queued, running, computed, failed, skipped, failed_optional, first_started_at_ms, last_stopped_at_ms,
  compute_ms, canceled_at_ms`;function K(e){return{insert:s(e,`INSERT INTO jobs (id, name, folded_name, trace_parent, trace_id, automation_id, state, open_root_groups)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING ${_}`),byId:s(e,`SELECT ${_} FROM jobs WHERE id = ?`),bySequence:s(e,`SELECT ${_} FROM jobs WHERE sequence = ?`),lock:s(e,{sqlite:`SELECT ${_} FROM jobs WHERE sequence = ?`,postgres:`SELECT ${_} FROM jobs WHERE sequence = ? FOR UPDATE`}),tryLock:s(e,{sqlite:`SELECT ${_} FROM jobs WHERE sequence = ?`,postgres:`SELECT ${_} FROM jobs WHERE sequence = ? FOR UPDATE SKIP LOCKED`}),setCounts:s(e,`UPDATE jobs SET open_root_groups = ?, front = ?, queued = ?, running = ?, computed = ?, failed = ?,
         skipped = ?, failed_optional = ?, first_started_at_ms = ?, last_stopped_at_ms = ?, compute_ms = ?
       WHERE sequence = ?`),setState:s(e,"UPDATE jobs SET state = ?, canceled = ?, canceled_at_ms = ? WHERE sequence = ?"),addTaskState:s(e,"INSERT INTO job_task_states (state, job_id) VALUES (?, ?) ON CONFLICT DO NOTHING"),removeTaskState:s(e,"DELETE FROM job_task_states WHERE state = ? AND job_id = ?"),addCluster:s(e,"INSERT INTO job_clusters (cluster, job_id) VALUES (?, ?) ON CONFLICT DO NOTHING")}}var qe=`
  CREATE TABLE clusters (
    slug         TEXT PRIMARY KEY,
    display_name TEXT NOT NULL,
    description  TEXT NOT NULL,
    is_default   INTEGER NOT NULL CHECK (is_default IN (0, 1)),
    revision     INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE UNIQUE INDEX one_default_cluster ON clusters (is_default) WHERE is_default = 1;
`,he=Object.keys(L).filter(y).map(e=>L[e]);function $(e){return{insert:s(e,"INSERT INTO clusters (slug, display_name, description, is_default) VALUES (?, ?, ?, ?)"),bySlug:s(e,"SELECT * FROM clusters WHERE slug = ?"),default:s(e,"SELECT * FROM clusters WHERE is_default = 1"),all:s(e,"SELECT * FROM clusters ORDER BY is_default DESC, slug"),update:s(e,`UPDATE clusters SET display_name = coalesce(?, display_name), description = coalesce(?, description)
       WHERE slug = ?`),raiseRevision:s(e,"UPDATE clusters SET revision = revision + 1 WHERE slug = ?"),anOpenJob:s(e,`SELECT sequence FROM jobs CROSS JOIN job_clusters ON job_id = jobs.id
       WHERE state IN (${he.join(", ")}) AND cluster = ? LIMIT 1`),delete:s(e,"DELETE FROM clusters WHERE slug = ?")}}function x(e){return{slug:e.slug,displayName:e.display_name,description:e.description,isDefault:e.is_default===1}}var Me=`
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
`;function J(e){return{put:s(e,`INSERT INTO deployments (cluster_slug, workflow_id, release_id, deployed_at_ms, deployed_by)
       VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (cluster_slug, workflow_id) DO UPDATE SET release_id = excluded.release_id,
         deployed_at_ms = excluded.deployed_at_ms, deployed_by = excluded.deployed_by`),remove:s(e,"DELETE FROM deployments WHERE cluster_slug = ? AND workflow_id = ?"),on:s(e,"SELECT * FROM deployments WHERE cluster_slug = ? AND workflow_id = ?"),ofCluster:s(e,`SELECT deployments.* FROM deployments JOIN workflows ON workflows.id = workflow_id
       WHERE cluster_slug = ? ORDER BY workflows.slug`),clustersOfRelease:s(e,`SELECT clusters.* FROM deployments JOIN clusters ON clusters.slug = cluster_slug
       WHERE release_id = ? ORDER BY clusters.slug`),clustersOfWorkflow:s(e,`SELECT clusters.*, release_id FROM deployments JOIN clusters ON clusters.slug = cluster_slug
       WHERE workflow_id = ? ORDER BY clusters.slug`)}}var je=`
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
`,ve=`
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
`,C={workflow:"workflow_slug = ?",cluster:"cluster_slug = ?",release:"? IN (release_before, release_after)"},D=Object.keys(C),He=[0,1,2,3,4,5,6,7].map(e=>D.filter((t,E)=>(e&1<<E)!==0));function V(e){let t=E=>s(e,`SELECT * FROM history WHERE ${[...E.map(n=>`${C[n]} AND `)].join("")}sequence < ?
       ORDER BY sequence DESC LIMIT ?`);return{append:s(e,`INSERT INTO history (at_ms, actor, kind, workflow_slug, cluster_slug, release_before, release_after,
         fingerprint, digest, provenance, gate)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),newest:new Map(He.map(E=>[E.join(),t(E)])),deployOf:s(e,`SELECT sequence FROM history
       WHERE workflow_slug = ? AND cluster_slug = ? AND release_after = ? AND kind = 'deploy' LIMIT 1`),lastDeploy:s(e,`SELECT provenance FROM history
       WHERE workflow_slug = ? AND cluster_slug = ? AND kind = 'deploy' ORDER BY sequence DESC LIMIT 1`)}}function z(e,t){let{atMs:E,actor:n,kind:o,workflow:a}=t,u=t.provenance===void 0?null:JSON.stringify(t.provenance),{cluster:r,before:i,after:T,fingerprint:d,digest:N,gate:c}=We(t);e.append.run(E,n,o,a,r??null,i??null,T??null,d??null,N??null,u,c===void 0?null:JSON.stringify(c))}function Q(e,t,E){let n=e.lastDeploy.get(t,E)?.provenance??null;return n===null?void 0:JSON.parse(n).commit}function We(e){switch(e.kind){case"publish":return{after:e.release,fingerprint:e.fingerprint,digest:e.digest};case"unpublish":return{before:e.release,fingerprint:e.fingerprint,digest:e.digest};case"deploy":case"undeploy":return{cluster:e.cluster,before:e.before,after:e.after};case"gate":return{cluster:e.cluster,after:e.release,gate:e.gate}}}function Z(e,t){let{before:E=Number.MAX_SAFE_INTEGER,limit:n}=t,o=D.filter(u=>t[u]!==void 0),a=o.flatMap(u=>t[u]??[]);return(e.newest.get(o.join())?.all(...a,E,n)??[]).map(Fe)}function Fe(e){let t={sequence:e.sequence,atMs:e.at_ms,actor:e.actor,workflow:e.workflow_slug,provenance:e.provenance===null?void 0:JSON.parse(e.provenance)};switch(e.kind){case"publish":case"unpublish":return{...t,kind:e.kind,release:R(e.release_after??e.release_before),fingerprint:R(e.fingerprint),digest:R(e.digest)};case"deploy":case"undeploy":return{...t,kind:e.kind,cluster:R(e.cluster_slug),before:e.release_before??void 0,after:e.release_after??void 0};case"gate":return{...t,kind:e.kind,cluster:R(e.cluster_slug),release:R(e.release_after),gate:JSON.parse(R(e.gate))}}}function R(e){if(e===null)throw new Error("a history row lacks a column of its kind");return e}var Ge=`
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
`;function w(e,t){let E=n=>`${e}(0, ${t}(job_progress.${n} + excluded.${n}, ${Number.MAX_SAFE_INTEGER}))`;return`INSERT INTO job_progress (job, label, tasks, total, done) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (job, label) DO UPDATE SET
      tasks = job_progress.tasks + excluded.tasks, total = ${E("total")}, done = ${E("done")}`}function ee(e){return{ofJob:s(e,"SELECT label, total, done FROM job_progress WHERE job = ? AND tasks > 0 ORDER BY sequence"),ofTask:s(e,"SELECT label, total, done FROM task_progress WHERE task = ?"),removeOfTask:s(e,"DELETE FROM task_progress WHERE task = ?"),insert:s(e,"INSERT INTO task_progress (task, label, total, done) VALUES (?, ?, ?, ?)"),add:s(e,{sqlite:w("max","min"),postgres:w("greatest","least")})}}function se(e){return(t,E,n,o)=>{let a=o?[]:e.ofTask.all(E);if(a.length>0){for(let{label:u,total:r,done:i}of a)e.add.run(t,u,-1,-r,-i);e.removeOfTask.run(E)}for(let{label:u,total:r,done:i}of n)e.insert.run(E,u,r,i),e.add.run(t,u,1,r,i)}}var Xe=`
  CREATE TABLE api_keys (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    role          TEXT NOT NULL CHECK (role IN ('admin', 'runner')),
    secret_sha256 TEXT NOT NULL UNIQUE,
    created_at_ms INTEGER NOT NULL,
    revoked_at_ms INTEGER
  ) STRICT;
`;function Be(e){let t="id, name, role, created_at_ms, revoked_at_ms";return{insert:s(e,"INSERT INTO api_keys (id, name, role, secret_sha256, created_at_ms) VALUES (?, ?, ?, ?, ?)"),byName:s(e,`SELECT ${t} FROM api_keys WHERE name = ?`),bySecret:s(e,`SELECT ${t} FROM api_keys WHERE secret_sha256 = ? AND revoked_at_ms IS NULL`),all:s(e,`SELECT ${t} FROM api_keys ORDER BY created_at_ms, id`),revoke:s(e,"UPDATE api_keys SET revoked_at_ms = ? WHERE name = ? AND revoked_at_ms IS NULL")}}function te(e){let{database:t,writer:E,clock:n,ids:o}=e,a=Be(t),u=r=>{let i=a.byName.get(r);if(i===void 0)throw new l.c("key-not-found",`There is no API key named "${r}"`);return b(i)};return{addKey:({name:r,role:i,secretSha256:T})=>E.submit(()=>{if(a.byName.get(r)!==void 0)throw new l.c("already-exists",`An API key named "${r}" exists already`,{next:"Choose another name; names are kept in the history, so a revoked one is not given again."});return a.insert.run(o.next(),r,i,T,n()),u(r)}),findKey:r=>e.read(()=>{let i=a.bySecret.get(r);return i===void 0?void 0:b(i)}),listKeys:()=>e.read(()=>a.all.all().map(b)),revokeKey:r=>E.submit(()=>(a.revoke.run(n(),r),u(r)))}}function b(e){return{id:e.id,name:e.name,role:e.role,createdAtMs:e.created_at_ms,revokedAtMs:e.revoked_at_ms??void 0}}var Pe=`
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
`;function re(e){let t="SELECT releases.*, artifacts.digest FROM releases JOIN artifacts ON artifacts.id = artifact_id";return{insert:s(e,`INSERT INTO releases (id, workflow_id, artifact_id, fingerprint, tasks, runner_object_path,
         command_override, file_tree_size_bytes, created_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`),insertFileTree:s(e,"INSERT INTO release_file_trees (release_id, tree) VALUES (?, ?)"),fileTree:s(e,"SELECT tree FROM release_file_trees WHERE release_id = ?"),byId:s(e,`${t} WHERE releases.id = ?`),byContent:s(e,`${t} WHERE workflow_id = ? AND fingerprint = ? AND artifact_id = ?`),ofWorkflow:s(e,`${t} WHERE workflow_id = ? ORDER BY releases.created_at_ms DESC, releases.id DESC`),delete:s(e,"DELETE FROM releases WHERE id = ?")}}function Ee(e,t){return{id:e.id,artifact:{id:e.artifact_id,digest:e.digest},content:{fingerprint:e.fingerprint,tasks:JSON.parse(e.tasks),runnerObjectPath:e.runner_object_path,commandOverride:JSON.parse(e.command_override)},fileTreeSizeBytes:e.file_tree_size_bytes,createdAtMs:e.created_at_ms,clusters:t}}var q=2026110004,Ye=`
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
`,Ke=`
  CREATE SEQUENCE task_sequences;
  CREATE FUNCTION take_task_sequences(taken bigint) RETURNS bigint LANGUAGE plpgsql AS $$
    DECLARE first bigint;
    BEGIN
      PERFORM pg_advisory_lock(${q});
      first := nextval('task_sequences');
      IF taken > 1 THEN PERFORM setval('task_sequences', first + taken - 1); END IF;
      PERFORM pg_advisory_unlock(${q});
      RETURN first;
    END $$;
`,O={queued:1,running:2,computed:3,failed:4,skipped:5,"failed-optional":6},$e=new Map(Object.keys(O).map(e=>[O[e],e]));function S(e){let t=$e.get(e);if(t===void 0)throw new Error(`the store holds a task state ${e}`);return t}var p=`sequence, id, job, task_group, optional_ancestor, queue, state, optional, abandoned,
  max_retries, retry_count, lost_count, given_back_count, started_at_ms, stopped_at_ms`,h=`SELECT ${p} FROM tasks WHERE state = 2 AND lease_ends_at_ms <= ?
  ORDER BY lease_ends_at_ms LIMIT ?`,k=`INSERT INTO tasks (sequence, id, job, task_group, parent, optional_ancestor, queue, position,
  state, ready, optional, max_retries, display, input)`,M=`UPDATE tasks SET state = 2, ready = 0, started_at_ms = ?, lease_ends_at_ms = ? WHERE sequence = ?
  RETURNING id, display, input, retry_count`,j=`UPDATE tasks SET state = ?, ready = 0, stopped_at_ms = ?, reported_display = ?, open_groups = ?,
    lease_ends_at_ms = NULL
  WHERE sequence = ?`;function ae(e){return{state:S(e.state),started:e.started_at_ms!==null,optional:e.optional===1,inOptionalBranch:e.optional_ancestor!==null,abandoned:e.abandoned===1,maxRetries:e.max_retries,retryCount:e.retry_count,lostCount:e.lost_count,givenBackCount:e.given_back_count}}function ne(e){return{byId:s(e,`SELECT ${p} FROM tasks
       WHERE id = ? AND EXISTS (SELECT 1 FROM jobs WHERE jobs.sequence = tasks.job)`),bySequence:s(e,`SELECT ${p} FROM tasks WHERE sequence = ?`),displays:s(e,"SELECT display, reported_display AS reported FROM tasks WHERE sequence = ?"),failedOfJob:s(e,`SELECT ${p}, reported_display AS reported FROM tasks WHERE job = ? AND state = 4 ORDER BY sequence`),takeSequences:s(e,{sqlite:"SELECT coalesce(max(sequence), 0) + 1 AS first, ? AS taken FROM tasks",postgres:"SELECT take_task_sequences(?) AS first"}),insert:s(e,{sqlite:`${k} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,postgres:`${k} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,postgresRows:{table:"tasks",row:0,sql:`${k}
                SELECT * FROM unnest(?::bigint[], ?::text[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[],
                  ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::text[], ?::bytea[])`}}),run:s(e,{sqlite:M,postgres:M,postgresRows:{table:"tasks",row:2,sql:`UPDATE tasks SET state = 2, ready = 0, started_at_ms = row.started_at_ms,
                  lease_ends_at_ms = row.lease_ends_at_ms
                FROM unnest(?::bigint[], ?::bigint[], ?::bigint[]) AS row (started_at_ms, lease_ends_at_ms, sequence)
                WHERE tasks.sequence = row.sequence`}}),stop:s(e,{sqlite:j,postgres:j,postgresRows:{table:"tasks",row:4,sql:`UPDATE tasks SET state = row.state, ready = 0, stopped_at_ms = row.stopped_at_ms,
                  reported_display = row.display, open_groups = row.open_groups, lease_ends_at_ms = NULL
                FROM unnest(?::bigint[], ?::bigint[], ?::text[], ?::bigint[], ?::bigint[])
                  AS row (state, stopped_at_ms, display, open_groups, sequence)
                WHERE tasks.sequence = row.sequence`}}),requeue:s(e,`UPDATE tasks SET state = 1, ready = 1, lease_ends_at_ms = NULL, retry_count = ?, lost_count = ?,
         given_back_count = ?, reported_display = ?, stopped_at_ms = ?
       WHERE sequence = ?`),setLease:s(e,"UPDATE tasks SET lease_ends_at_ms = ? WHERE sequence = ?"),setOpenGroups:s(e,"UPDATE tasks SET open_groups = ? WHERE sequence = ?"),closeOneGroup:s(e,`UPDATE tasks SET open_groups = open_groups - 1 WHERE sequence = ?
       RETURNING open_groups, task_group`),skipQueued:s(e,"UPDATE tasks SET state = 5, ready = 0 WHERE sequence BETWEEN ? AND ? AND state = 1"),abandonRunning:s(e,"UPDATE tasks SET abandoned = 1 WHERE sequence BETWEEN ? AND ? AND state = 2"),openComputed:s(e,"SELECT sequence FROM tasks WHERE sequence BETWEEN ? AND ? AND state = 3 AND open_groups > 0"),queuesOfQueued:s(e,"SELECT queue FROM tasks WHERE sequence BETWEEN ? AND ? AND state = 1"),release:s(e,"UPDATE tasks SET ready = 1 WHERE sequence BETWEEN ? AND ? AND state = 1"),firstReady:s(e,`SELECT sequence, position FROM tasks WHERE job = ? AND queue = ? AND ready = 1
       ORDER BY position LIMIT 1`),leasesEndedBy:s(e,{sqlite:h,postgres:`${h} FOR UPDATE SKIP LOCKED`}),nextLeaseEnd:s(e,"SELECT lease_ends_at_ms FROM tasks WHERE state = 2 AND lease_ends_at_ms > 0 ORDER BY lease_ends_at_ms LIMIT 1"),extendLeasesTo:s(e,"UPDATE tasks SET lease_ends_at_ms = ? WHERE state = 2 AND lease_ends_at_ms < ?")}}var xe=`
  CREATE TABLE removed_jobs (
    job INTEGER PRIMARY KEY -- what jobs.sequence was
  ) STRICT;
`,v=`SELECT ${_} FROM jobs WHERE state = ? AND id > ? AND id < ? ORDER BY id LIMIT ?`;function oe(e){let t=Object.values(O).join(", ");return{newestJob:s(e,"SELECT sequence FROM jobs WHERE sequence > 0 ORDER BY sequence DESC LIMIT 1"),takeInState:s(e,{sqlite:v,postgres:`${v} FOR UPDATE SKIP LOCKED`}),newestInState:s(e,"SELECT id FROM jobs WHERE state = ? AND id < ? ORDER BY id DESC LIMIT ?"),note:s(e,"INSERT INTO removed_jobs (job) VALUES (?)"),remove:s(e,"DELETE FROM jobs WHERE sequence = ?"),removeTaskStates:s(e,`DELETE FROM job_task_states WHERE state IN (${t}) AND job_id = ?`),removeClusters:s(e,`DELETE FROM job_clusters WHERE job_id = ? AND cluster IN (
         SELECT task_queues.cluster FROM job_queues
           JOIN task_queues ON task_queues.sequence = job_queues.queue
         WHERE job_queues.job = ?)`),removeQueues:s(e,"DELETE FROM job_queues WHERE job = ?"),removeProgress:s(e,"DELETE FROM job_progress WHERE job = ?")}}function ie(e){return{oldest:s(e,"SELECT job FROM removed_jobs WHERE job > 0 ORDER BY job LIMIT ?"),groups:s(e,`SELECT task_groups.sequence, task_groups.first_task, task_groups.last_task
       FROM removed_jobs CROSS JOIN task_groups ON task_groups.job = removed_jobs.job
       WHERE removed_jobs.job BETWEEN ? AND ? LIMIT ?`),removeTasks:s(e,"DELETE FROM tasks WHERE sequence BETWEEN ? AND ?"),removeTaskProgress:s(e,"DELETE FROM task_progress WHERE task BETWEEN ? AND ?"),setFirstTask:s(e,"UPDATE task_groups SET first_task = ? WHERE sequence = ?"),removeDependencies:s(e,"DELETE FROM task_group_dependencies WHERE dependency = ?"),removeGroup:s(e,"DELETE FROM task_groups WHERE sequence = ?"),usage:s(e,`SELECT telemetry_usage.job, telemetry_usage.kind
       FROM removed_jobs CROSS JOIN telemetry_usage ON telemetry_usage.job = removed_jobs.job
       WHERE removed_jobs.job BETWEEN ? AND ? LIMIT ?`),removeUsage:s(e,"DELETE FROM telemetry_usage WHERE job = ? AND kind = ?"),forget:s(e,"DELETE FROM removed_jobs WHERE job = ?")}}var Je=`
  CREATE TABLE runner_offers (
    cluster      TEXT NOT NULL, -- slug, empty for the default cluster
    offer_sha256 TEXT NOT NULL, -- of identifiers
    identifiers  TEXT NOT NULL, -- JSON: [[name, version], ...]
    seen_at_ms   INTEGER NOT NULL,
    PRIMARY KEY (cluster, offer_sha256)
  ) STRICT;
  CREATE INDEX runner_offers_by_time ON runner_offers (seen_at_ms);
`;function Ve(e){return{removeBefore:s(e,"DELETE FROM runner_offers WHERE seen_at_ms < ?"),count:s(e,"SELECT count(*) AS count FROM runner_offers WHERE seen_at_ms >= ?"),touch:s(e,"UPDATE runner_offers SET seen_at_ms = ? WHERE cluster = ? AND offer_sha256 = ?"),put:s(e,`INSERT INTO runner_offers (cluster, offer_sha256, identifiers, seen_at_ms) VALUES (?, ?, ?, ?)
       ON CONFLICT (cluster, offer_sha256) DO UPDATE SET seen_at_ms = excluded.seen_at_ms`),ofCluster:s(e,"SELECT identifiers FROM runner_offers WHERE cluster = ? AND seen_at_ms >= ?")}}var ze=2e3,Qe=16*1024;function Te({database:e,writer:t,read:E,clock:n}){let o=Ve(e);return{noteOffers(a,u){let r=a.map(Ze).toSorted((i,T)=>i.place<T.place?-1:1);return t.submit(()=>{let i=n();o.removeBefore.run(i-u);let T=m(o.count.get(i-u)).count+r.length>ze;for(let{cluster:d,sha256:N,identifiers:c}of r)T?o.touch.run(i,d,N):o.put.run(d,N,c,i)})},listOffers:({slug:a,isDefault:u},r)=>E(()=>{let i=n()-r;return(u?[a,""]:[a]).flatMap(T=>o.ofCluster.all(T,i)).map(({identifiers:T})=>({identifiers:es(T)}))})}}function Ze({cluster:e,identifiers:t}){let E=e.kind==="default"?"":e.slug,n=[],o=0;for(let{name:r,version:i}of t){if(o+=r.length+i.length,o>Qe)break;n.push([r,i])}let a=JSON.stringify(n),u=(0,ue.hash)("sha256",a);return{cluster:E,sha256:u,identifiers:a,place:`${E} ${u}`}}function es(e){return JSON.parse(e).flatMap(([t,E])=>(0,G.b)({name:t,version:E})??[])}var ss=`
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
`;function ts(e){let t="id, cluster, api_key, facts, first_seen_at_ms, last_seen_at_ms";return{keyOf:s(e,"SELECT api_key FROM runners WHERE id = ? AND last_seen_at_ms >= ?"),count:s(e,`SELECT count(*) AS "all", count(*) FILTER (WHERE api_key = ?) AS "ofKey"
       FROM runners WHERE last_seen_at_ms >= ?`),put:s(e,`INSERT INTO runners (id, cluster, api_key, worker_key_sha256, facts, first_seen_at_ms, last_seen_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET cluster = excluded.cluster, api_key = excluded.api_key,
         worker_key_sha256 = excluded.worker_key_sha256, facts = excluded.facts,
         last_seen_at_ms = excluded.last_seen_at_ms`),remove:s(e,"DELETE FROM runners WHERE id = ? AND api_key = ?"),removeSeenBefore:s(e,"DELETE FROM runners WHERE last_seen_at_ms < ?"),all:s(e,`SELECT ${t} FROM runners WHERE last_seen_at_ms >= ?`),ofCluster:s(e,`SELECT ${t} FROM runners WHERE cluster = ? AND last_seen_at_ms >= ?`),byWorkerKey:s(e,"SELECT api_key FROM runners WHERE worker_key_sha256 = ? AND last_seen_at_ms >= ? LIMIT 1")}}var H=1e4,W=1e3;function _e({database:e,writer:t,read:E,clock:n}){let o=ts(e);return{reportRunner:({id:a,cluster:u,apiKey:r,workerKeySha256:i,facts:T},d)=>t.submit(()=>{let N=n(),c=N-d,U=o.keyOf.get(a,c);if(U===void 0)rs(m(o.count.get(r,c)));else if(U.api_key!==r)throw new l.c("permission-denied",`The runner ${a} reports with another API key`);o.removeSeenBefore.run(c),o.put.run(a,u,r,i,T,N,N)}),removeRunner:({id:a,apiKey:u})=>t.submit(()=>o.remove.run(a,u)),listRunners:({cluster:a,expiryMs:u})=>E(()=>{let r=n()-u;return(a===void 0?o.all.all(r):o.ofCluster.all(a,r)).map(as).toSorted(Es)}),findRunnerKey:(a,u)=>E(()=>o.byWorkerKey.get(a,n()-u)?.api_key)}}function rs({all:e,ofKey:t}){if(e>=H)throw new l.d("api-limit",`${H} runners report here, which is the limit`);if(t>=W)throw new l.d("api-limit",`${W} runners report with this key, which is the limit`)}function Es(e,t){return e.firstSeenAtMs-t.firstSeenAtMs||(e.id<t.id?-1:1)}function as(e){return{id:e.id,cluster:e.cluster,apiKey:e.api_key,facts:e.facts,firstSeenAtMs:e.first_seen_at_ms,lastSeenAtMs:e.last_seen_at_ms}}var ns=`
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
`,os=`
  CREATE INDEX task_group_dependents ON task_group_dependencies (dependent);
`,F="UPDATE task_groups SET open_members = ? WHERE sequence = ?";function le(e){return{insert:s(e,`INSERT INTO task_groups (job, parent, first_task, last_task, open_members, unmet_dependencies)
       VALUES (?, ?, ?, ?, ?, ?) RETURNING sequence`),insertDependency:s(e,"INSERT INTO task_group_dependencies (dependency, dependent) VALUES (?, ?)"),dependents:s(e,`SELECT task_groups.sequence AS "group", task_groups.unmet_dependencies AS "unmetDependencies"
       FROM task_group_dependencies JOIN task_groups ON task_groups.sequence = dependent
       WHERE dependency = ?`),closeOneMember:s(e,`UPDATE task_groups SET open_members = open_members - 1 WHERE sequence = ?
       RETURNING open_members, parent`),meetOneDependency:s(e,"UPDATE task_groups SET unmet_dependencies = unmet_dependencies - 1 WHERE sequence = ?"),setOpenMembers:s(e,{sqlite:F,postgres:F,postgresRows:{table:"task_groups",row:1,sql:`UPDATE task_groups SET open_members = row.open_members
                FROM unnest(?::bigint[], ?::bigint[]) AS row (open_members, sequence)
                WHERE task_groups.sequence = row.sequence`}}),bySequence:s(e,"SELECT sequence, job, parent, first_task, last_task FROM task_groups WHERE sequence = ?"),openUnder:s(e,`SELECT sequence, job, parent, first_task, last_task FROM task_groups
       WHERE job = ? AND parent = ? AND open_members > 0`)}}var is=`
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
`;function de(e){return{find:s(e,"SELECT sequence FROM task_queues WHERE cluster = ? AND name = ? AND version = ?"),insert:s(e,`INSERT INTO task_queues (cluster, name, version, major, minor) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (cluster, name, version) DO UPDATE SET major = excluded.major
       RETURNING sequence`),bySequence:s(e,"SELECT sequence, cluster, name, version, major, minor FROM task_queues WHERE sequence = ?"),servedBy:s(e,`SELECT sequence, cluster, name, version, major, minor FROM task_queues
       WHERE cluster = ? AND name = ? AND major = ? AND minor <= ?`),addJob:s(e,`INSERT INTO job_queues (job, queue, open, waiting) VALUES (?, ?, ?, ?)
       ON CONFLICT (job, queue) DO UPDATE SET waiting = excluded.waiting
         WHERE job_queues.waiting < excluded.waiting`),setWaiting:s(e,"UPDATE job_queues SET waiting = ?1 WHERE job = ?2 AND queue = ?3 AND waiting <> ?1"),setOpen:s(e,"UPDATE job_queues SET open = ? WHERE job = ?"),firstWaitingJob:s(e,`SELECT job FROM job_queues WHERE queue = ? AND open = 1 AND waiting = 1 AND job > ?
       ORDER BY job LIMIT 1`),waitingOfJob:s(e,"SELECT queue FROM job_queues WHERE job = ? AND waiting = 1")}}var us=`
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
`;function Ne(e){return{findSource:s(e,"SELECT sequence, last_used_at_ms FROM telemetry_sources WHERE sha256 = ?"),insertSource:s(e,`INSERT INTO telemetry_sources (sha256, resource, scope, last_used_at_ms) VALUES (?, ?, ?, ?)
       RETURNING sequence`),useSource:s(e,"UPDATE telemetry_sources SET last_used_at_ms = ? WHERE sequence = ?"),removeSources:s(e,"DELETE FROM telemetry_sources WHERE last_used_at_ms < ?"),insert:s(e,`INSERT INTO telemetry_records (kind, job, task, at_us, severity, received_at_ms, size_bytes, source,
         record)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`),oldest:s(e,`SELECT sequence, kind, job, size_bytes, received_at_ms FROM telemetry_records
       WHERE sequence > 0 ORDER BY sequence LIMIT ?`),oldestOfJob:s(e,`SELECT sequence, kind, job, size_bytes FROM telemetry_records WHERE job = ? AND kind = ?
       ORDER BY at_us LIMIT ?`),remove:s(e,"DELETE FROM telemetry_records WHERE sequence = ?"),addUsage:s(e,`INSERT INTO telemetry_usage (job, kind, size_bytes) VALUES (?, ?, ?)
       ON CONFLICT (job, kind) DO UPDATE SET size_bytes = telemetry_usage.size_bytes + excluded.size_bytes
       RETURNING size_bytes`),jobOfTrace:s(e,"SELECT sequence FROM jobs WHERE trace_id = ? ORDER BY sequence DESC LIMIT 1"),countOfSeverity:s(e,`SELECT count(*) AS count FROM telemetry_records
       WHERE kind = ? AND at_us >= ? AND at_us < ? AND severity = ?`)}}function ce(e,t){let E=t==="ascending"?"ASC":"DESC";return{sql:`SELECT records.sequence, records.at_us, records.record, sources.resource, sources.scope
          FROM telemetry_records AS records
            CROSS JOIN telemetry_sources AS sources ON sources.sequence = records.source
          WHERE ${e.map(n=>n.sql).join(" AND ")}
          ORDER BY records.at_us ${E}, records.sequence ${E} LIMIT ?`,values:e.flatMap(n=>n.values)}}var Ts=`
  CREATE TABLE workflows (
    id            TEXT PRIMARY KEY,
    slug          TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    summary       TEXT NOT NULL,
    description   TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) STRICT;
`;function Re(e){return{insert:s(e,`INSERT INTO workflows (id, slug, name, summary, description, created_at_ms)
       VALUES (?, ?, ?, ?, ?, ?)`),bySlug:s(e,"SELECT * FROM workflows WHERE slug = ?"),byId:s(e,"SELECT * FROM workflows WHERE id = ?"),after:s(e,"SELECT * FROM workflows WHERE id > ? ORDER BY id LIMIT ?"),update:s(e,`UPDATE workflows SET name = coalesce(?, name), summary = coalesce(?, summary),
         description = coalesce(?, description)
       WHERE slug = ?`),delete:s(e,"DELETE FROM workflows WHERE id = ?")}}function Le(e){return{id:e.id,slug:e.slug,name:e.name,summary:e.summary,description:e.description,createdAtMs:e.created_at_ms}}var pe=[{name:"releases",breaking:!0,sql:[Xe,Ae,qe,Ts,Pe,Me,je].join(`
`)},{name:"jobs",breaking:!0,sql:[Ce,Ye,ns,is,Ge].join(`
`)},{name:"telemetry",breaking:!1,sql:us},{name:"task contracts",breaking:!1,sql:ye},{name:"history of runs and gates",breaking:!0,sql:ve},{name:"several control planes",breaking:!1,sql:{sqlite:"",postgres:[Ke,os].join(`
`)}},{name:"runners",breaking:!1,sql:ss},{name:"retention",breaking:!0,sql:[De,xe,Se].join(`
`)},{name:"runner offers",breaking:!1,sql:Je}];function Oe(e,t){let E=t.length,n=e.find(o=>o.number>E&&o.breaking===1);if(n!==void 0)throw new l.c("store-newer",`The database has schema ${n.number} ("${n.name}"), this version knows schemas up to ${E}`);for(let o of e){let a=t[o.number-1];if(a!==void 0&&a.name!==o.name)throw new l.c("store-newer",`The database's schema ${o.number} is "${o.name}", in this version it is "${a.name}": it was not written by an older version of this program`)}}0&&(module.exports={A,B,C,D,E,F,G,H,I,J,K,L,M,N,O,a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z});
