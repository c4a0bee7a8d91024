var D=Object.defineProperty;var ke=Object.getOwnPropertyDescriptor;var ge=Object.getOwnPropertyNames;var ve=Object.prototype.hasOwnProperty;var _e=(e,t)=>{for(var r in t)D(e,r,{get:t[r],enumerable:!0})},be=(e,t,r,n)=>{if(t&&typeof t=="object"||typeof t=="function")for(let i of ge(t))!ve.call(e,i)&&i!==r&&D(e,i,{get:()=>t[i],enumerable:!(n=ke(t,i))||n.enumerable});return e};var xe=e=>be(D({},"__esModule",{value:!0}),e);var xt={};_e(xt,{buildPacked:()=>X,buildProject:()=>pe});module.exports=xe(xt);var g=require("./chunk-5BCFRMUV.js"),_=require("./chunk-72MHVC4S.js"),Y=require("./chunk-6LOADUPO.js"),y=require("./chunk-QHXJTKT3.js"),jt=require("./chunk-C6MIOEWU.js"),$=require("./build.js")("chunk-DQPBIB5N.js"),Et=require("./build.js")("chunk-YRJ3PT6H.js"),M=require("./build.js")("chunk-SRZHEPXM.js"),I=require("./build.js")("chunk-AP5PSO23.js"),Nt=require("./chunk-NQ5U354D.js"),At=require("./build.js")("chunk-35FDUVWO.js"),j=require("./build.js")("chunk-BFKL4TEY.js"),ee=require("./build.js")("chunk-SU72CO6G.js"),te=require("./action-check-build-api.js")("chunk-3BJBPDBX.js"),S=require("./action-command-check-run-build-api.js")("chunk-GMJHAAOX.js"),Tt=require("./build.js")("chunk-GFPAJVL5.js"),It=require("./chunk-LRWEM2Y7.js"),Mt=require("./build.js")("chunk-7EXUTULN.js"),St=require("./action-command-check-run-build-api.js")("chunk-25WEFW3D.js"),Ft=require("./chunk-NLP2EF7H.js"),H=require("./action-check-build-api.js")("chunk-V35JUHOV.js"),h=require("./run-build.js")("chunk-AMIDRAS3.js"),re=require("./action-command-check-run-build-api.js")("chunk-TYNWDUM5.js"),Pt=require("./run-build.js")("chunk-A7YIENX7.js"),F=require("./run-build.js")("chunk-FZCO4YRP.js"),d=require("./action-command-check-run-build-api.js")("chunk-AXJTV5ND.js"),Rt=require("./action-command-check-run-build-api.js")("chunk-NRUSJ7PT.js"),P=require("./action-command-check-run-build-api.js")("chunk-G4AE2RJD.js"),ne=require("node:fs"),ie=require("node:fs/promises"),oe=require("node:os"),W=require("node:path"),ae=require("node:fs/promises"),se=require("node:fs"),v=require("node:path"),le=require("node:fs/promises"),k=require("node:path"),R=require("node:path"),L=require("node:fs/promises"),de=require("node:os"),ue=require("node:path"),ce=require("node:fs/promises"),fe=require("node:os"),me=require("node:path");async function $e(e,t){let r=(0,se.lstatSync)((0,v.join)(e.root,t),{throwIfNoEntry:!1});if(r===void 0||t===""||t.split("/").includes(".."))return[];let n=(0,h.f)(e,[]),i=je(n,t);if(i!==void 0)return[i];let o=[];if(r.isDirectory()||!(r.isFile()||r.isSymbolicLink())){let a=r.isDirectory()?"a folder":"a socket, a pipe or a device";o.push({reason:"not-a-file",message:`${t} is ${a}; an artifact holds files and symlinks.`})}return[...o,...await Ee(e,n,t),...await Ne(e,n,t),...Ae(n,t)]}function je(e,t){let r=J(t);if(r.some(i=>v.posix.basename(i)===re.a)||v.posix.basename(t)===e.archiveName)return{reason:"own-output",message:`${t} is what a build writes, and never enters an artifact.`};let n=r.find(i=>(0,F.c)((0,v.join)(e.root,i)));if(n!==void 0)return{reason:"nested-repository",message:`${t} lies in ${n}, a repository of its own (a submodule or a clone).`,hint:"copy the files into this repository"}}async function Ee(e,t,r){if((0,h.e)(t.include,r)!==void 0)return[];let n=v.posix.dirname(r),i=n==="."?r:`${n}/**`,o=await(0,$.a)(e,["build","include"]),a=`No include pattern matches ${r}.`;return[{...o,reason:"not-included",message:a,hint:`add ${(0,I.e)(i)} to include`}]}async function Ne(e,t,r){let n=[];for(let[i,o]of t.exclude.entries()){if(!o.test(r))continue;let a=await(0,$.a)(e,["build","exclude",i]),s=`${r} is excluded by ${(0,I.e)(o.source)}.`;n.push({...a,reason:"excluded",message:s,hint:"narrow the pattern"})}return n}function Ae(e,t){if(!e.useGitignore)return[];let r=e.rootIgnored??Te(e,t);if(r===void 0)return[];let{file:n,line:i,pattern:o}=r,a=`${t} is ignored by ${(0,I.e)(o)} in ${n}.`;return[{reason:"ignored",file:n,line:i,message:a,hint:"change the pattern, or set use_gitignore = false"}]}function Te(e,t){let r=(0,h.g)(e.rulesAbove,e.prefix,e.root);for(let n of J(t)){let i=`${e.prefix}${n}/`,o=(0,h.a)(r,i);if(o!==void 0)return o;r=(0,h.g)((0,h.b)(r,i),i,(0,v.join)(e.root,n))}return(0,h.a)(r,e.prefix+t)}function J(e){let t=e.split("/");return t.slice(1).map((r,n)=>t.slice(0,n+1).join("/"))}var Ie=`
import faulthandler, importlib, json, os, sys, traceback
module, target, report, seconds = sys.argv[1:5]
sys.argv = [sys.argv[0], module + ":" + target]
leave = os._exit
trace = open(report + ".trace", "w")
faulthandler.enable(trace)
faulthandler.dump_traceback_later(float(seconds), exit=True, file=trace)
def tell(facts, dumps=json.dumps, opened=open(report, "w", encoding="utf-8", errors="backslashreplace")):
    opened.write(dumps(facts))
    opened.flush()
    leave(0)
def frames(summary):
    return [[frame.filename, frame.lineno or 0] for frame in summary if frame.filename != "<string>"]
def exiting(status):
    tell({"kind": "exits", "frames": frames(traceback.extract_stack())})
os._exit = exiting
def text(value):
    return value if isinstance(value, str) else None
try:
    imported = importlib.import_module(module)
except SystemExit as error:
    tell({"kind": "exits", "frames": frames(traceback.extract_tb(error.__traceback__))})
except BaseException as error:
    syntax = isinstance(error, SyntaxError)
    tell({
        "kind": "raised",
        "classes": [kind.__name__ for kind in type(error).__mro__],
        "message": str(error),
        "frames": frames(traceback.extract_tb(error.__traceback__)),
        "module": text(getattr(error, "name", None)),
        "file": text(getattr(error, "filename", None)),
        "position": [error.lineno or 1, error.offset or 1] if syntax else None,
    })
runners = [name for name, value in vars(imported).items() if type(value).__name__ == "Runner"]
tell({"kind": "imported", "runners": [name for name in runners if isinstance(name, str)]})
`;function Me(e){let t;try{t=JSON.parse(e)}catch{return}if(!Pe(t))return;if(t.kind==="exits")return{kind:"exits",frames:K(t.frames)};if(t.kind==="imported")return{kind:"imported",runners:V(t.runners)};if(t.kind!=="raised"||typeof t.message!="string")return;let r=Array.isArray(t.position)?t.position.map(Number):[],[n,i]=r;return{kind:"raised",classes:V(t.classes),message:t.message,frames:K(t.frames),module:typeof t.module=="string"?t.module:void 0,file:typeof t.file=="string"?t.file:void 0,position:Number.isInteger(n)&&Number.isInteger(i)?{line:Number(n),column:Number(i)}:void 0}}function Se(e){let t=e.split(/^(?=(?:Current thread|Thread) 0x)/m).find(n=>n.includes('File "<string>"'));if(t===void 0)return;let r=[...t.matchAll(/^ {2}File "(.+)", line (\d+) in /gm)].map(([,n,i])=>({file:n??"",line:Number(i)})).filter(({file:n})=>n!=="<string>");return{kind:e.startsWith("Timeout (")?"stuck":"crashed",frames:r.toReversed()}}function Fe(e){let t=e.lastIndexOf("Traceback (most recent call last):");if(t<0)return;let r=e.slice(t).split(/\r?\n/),n=r.flatMap(u=>{let f=/^ {2}File "(.+)", line (\d+)/.exec(u);return f===null?[]:[{file:f[1]??"",line:Number(f[2])}]}),i=r.map(u=>/^([A-Za-z_][\w.]*)(?:: (.*))?$/.exec(u)).find(u=>u!==null);if(i==null)return;let o=i[1]?.split(".").at(-1)??"",a=i[2]??"",s=n.at(-1),l=o==="SyntaxError"||o==="IndentationError"||o==="TabError";return{kind:"raised",classes:o==="ModuleNotFoundError"?[o,"ImportError"]:[o],message:a,frames:n,module:/^No module named '([^']+)'/.exec(a)?.[1]??/from '([^']+)'/.exec(a)?.[1],file:l?s?.file:/No such file or directory: '([^']+)'/.exec(a)?.[1],position:l&&s!==void 0?{line:s.line,column:1}:void 0}}function Pe(e){return typeof e=="object"&&e!==null&&!Array.isArray(e)}function V(e){return Array.isArray(e)?e.filter(t=>typeof t=="string"):[]}function K(e){return Array.isArray(e)?e.flatMap(t=>{if(!Array.isArray(t))return[];let[r,n]=t;return typeof r=="string"&&Number.isInteger(n)?[{file:r,line:Number(n)}]:[]}):[]}var Re=[[/^(?:Duplicate task identifier|Invalid version string|A task name is required|The task name is too long)/,"tasks-invalid"],[/^Failed to invoke .*identifier\(\)|is not executable\. It must have an execute method|^Expected a function signature of|to not have a return value!|is not a task!/,"task-class-invalid"]],Le=/^(?:URLError|gaierror|ConnectionError|ConnectTimeout|ConnectError|NewConnectionError|MaxRetryError|NetworkError|TimeoutError)$/,Ue=/network error when requesting|Name or service not known|Temporary failure in name resolution|nodename nor servname|getaddrinfo failed|Connection refused|Network is unreachable|failed to connect to all addresses/;function De(e,t){let{classes:r,message:n,module:i}=e;if(r.includes("SyntaxError"))return"import-syntax";if(n.includes("partially initialized module"))return"import-circular";if(r.includes("ModuleNotFoundError")&&i!==void 0)return Be(i,t);if(n.includes("No API key provided"))return"import-needs-api-key";for(let[o,a]of Re)if(o.test(n))return a;return r.some(o=>Le.test(o))||Ue.test(n)?"import-needs-network":"import-failed"}function Be(e,t){let r=t.module;if(r!==void 0&&(r===e||r.startsWith(`${e}.`)))return"runner-not-found";let[n=""]=e.split(".");return n==="tilebox"?"sdk-missing":t.hasPackage(n)?"import-failed":"dependency-missing"}var qe=["","src","lib","python"];async function Z(e,t){let r=t.split(".");if(!r.some(n=>!/^\w+$/.test(n)))for(let n of qe){let i=[...n===""?[]:[n],...r].join("/");for(let o of[`${i}/__init__.py`,`${i}.py`]){let a=await A(e,o);if(a!==void 0)return a}}}async function A(e,t){let r=B(e.artifact,t);return r===void 0||r===""||e.packed.has(r)?void 0:(await(0,le.stat)((0,k.join)(e.checkout,r)).catch(()=>{}))?.isFile()===!0?r:void 0}function B(e,t){let r=(0,k.relative)(e,(0,k.resolve)(e,t)).split(k.sep).join("/");if(!(r.startsWith("../")||r===".."||r.startsWith(".venv/")||(0,k.resolve)(r)===r))return r}function q(e,t,r){for(let n of t.toReversed()){let i=B(e.search.artifact,n.file);if(!(i===void 0||!e.search.packed.has(i)))return{message:r,file:O(e,i),...n.line>0?{line:n.line}:{}}}}function Oe(e,t){if(t.position===void 0||t.file===void 0)return;let r=B(e.search.artifact,t.file);if(!(r===void 0||!e.search.packed.has(r)))return{message:t.message,file:O(e,r),...t.position}}async function T({project:e},t,r){return{...await(0,$.a)(e,["workflow",e.entrypoint.kind]),message:t,...r===void 0?{}:{hint:r}}}function O({project:e},t){return(0,F.d)(e.repositoryRoot,(0,R.join)(e.root,t))}function C({search:e},t){return t.replaceAll(`${e.artifact}${R.sep}`,"").replaceAll(e.artifact,".")}function Ce(e){let t=new Set;for(let r of e){let n=/^(?:src\/)?((?:\w+\/)*\w+)\.py$/.exec(r)?.[1]?.replace(/\/__init__$/,"");if(n===void 0)continue;let i=n.split("/");for(let o=1;o<=i.length;o++)t.add(i.slice(0,o).join("."))}return t}var ze=[e=>/needs to be updated, but `?--locked`? was provided/.test(e)?{kind:"lock-stale"}:void 0,e=>{let t=/(?:error: )?(No interpreter found for [^\n]+|No solution found when resolving Python[^\n]*)/.exec(e);return t===null?void 0:{kind:"python-missing",text:t[1]??""}},e=>{let t=/(?:Error while finding module specification for|No module named) '?tilebox\.workflows[\w.]*'?[^\n]*/.exec(e);return t===null||e.includes("Failed to import module")?void 0:{kind:"sdk-missing",text:t[0]}},e=>{let t=/^Module '[^\n]*' has no runner object '([^\n]*)'\.$/m.exec(e);return t===null?void 0:{kind:"object-missing",object:t[1]??""}},e=>{let t=/^Expected '[^\n]*' to resolve to tilebox\.workflows\.Runner, got ([^\n]*)\.$/m.exec(e);return t===null?void 0:{kind:"wrong-type",found:t[1]??""}},e=>/^Expected runner import path in the format/m.test(e)?{kind:"path-malformed"}:void 0,e=>{let t=/^Failed to import module '[^\n]*?': ([\s\S]*?) \(attempted import took [\d.]+s\)$/m.exec(e);return t===null?void 0:{kind:"import-failed",text:t[1]??""}},e=>{let t=/^(?:error: |\s*[×x] )([^\n]+)/m.exec(e);if(t===null)return;let r=[...e.matchAll(/^\s*(\w+(?:Error|Exception): [^\n]+)/gm)].at(-1)?.[1],n=/(?:Readme file does not exist: |No such file or directory: ')([^'\n]+)/.exec(e),i=/no directory that matches the name of your project \(([\w.-]+)\)/.exec(e);return{kind:"environment-failed",text:r===void 0?t[1]??"":`${t[1]}: ${r}`,file:n?.[1],module:i?.[1]?.replaceAll(/[-.]/g,"_")}}];function Ge(e){for(let t of ze){let r=t(e);if(r!==void 0)return r}}var He=25,We=500,Xe="Look whether the machine ran out of memory: that is what most often kills a process so. Load large data in the tasks, not at import.";async function Je(e,t){if(e.kind==="program-missing")return Ve(e.program,t);let r={stdout:C(t,e.output.stdout),stderr:C(t,e.output.stderr)};switch(e.kind){case"wrong-protocol":return new d.c("worker-protocol",`${Q(t)} answered, but not as a worker does: ${e.answer}`,{cause:x(r)});case"timed-out":return Ke({...e,output:r},t);case"exited":return Ze({...e,output:r},t)}}async function Ve(e,t){return e==="uv"?new d.c("uv-missing","uv, which starts the worker, is not on PATH"):new d.c("command-missing",`The program ${e} of [workflow] command was not found`,{problems:[await T(t,`command starts with ${e}, which is neither on PATH nor in the artifact`)]})}async function Ke(e,t){let r=Math.round(e.limitMs/100)/10,n=await t.importAgain();if(e.phase==="environment"&&n?.kind!=="stuck")return new d.d("worker-start-timeout",`${Q(t)} neither announced itself nor listened within ${r} s: the environment was not ready, or the program does not serve`,{cause:x(e.output)});let i=e.phase==="import"&&!e.answered?"holds Python's interpreter lock (a native call or a regular expression)":"still runs Python code (a loop, a wait or slow work)",o=n?.kind==="stuck"?G(t,n,"The import stays here"):[];return new d.c("import-timeout",`${E(t)} took longer than ${r} s; it ${i}`,{problems:o,cause:x(e.output)})}async function Ze(e,t){let r=Ge(e.output.stderr),n=e.phase==="environment"&&(0,g.c)(t.project.entrypoint,!0)[0]==="uv";if(r!==void 0&&r.kind!=="import-failed"&&(n||r.kind!=="environment-failed"))return Qe(r,e.output,t);let i=await t.importAgain()??Fe(e.output.stderr),o=x(e.output);if(e.exit.kind==="signal"){let l=i?.kind==="crashed"?G(t,i,"It crashed here"):[];return new d.c("worker-crashed",`${E(t)} ended the process with ${(0,y.b)(e.exit)}`,{cause:o,problems:l,...e.exit.signal==="SIGKILL"?{next:Xe}:{}})}if(i?.kind==="raised")return et(i,e.output,t);if(r?.kind==="import-failed")return new d.c("import-failed",`${E(t)} failed: ${r.text}`,{cause:o});let a=`ended the process with ${(0,y.b)(e.exit)} before any task was listed`;if(t.project.entrypoint.kind==="command")return new d.c("command-failed",`[workflow] command ${a}`,{cause:o});let s=i?.kind==="exits"?G(t,i,"The process is ended here"):[];return new d.c("import-exits",`${E(t)} ${a}`,{cause:o,problems:s})}async function Qe(e,t,r){let n={cause:x(t)},i=r.project.entrypoint.kind==="runner"?r.project.entrypoint.objectPath:"";switch(e.kind){case"lock-stale":return new d.c("lock-stale","uv.lock does not fit pyproject.toml any more",n);case"python-missing":return new d.c("python-missing",e.text,n);case"sdk-missing":return new d.c("sdk-missing",`The project's environment has no tilebox-workflows that can serve: ${e.text}`,n);case"environment-failed":{let o=(e.file===void 0?void 0:await A(r.search,e.file))??(e.module===void 0?void 0:await Z(r.search,e.module));return o!==void 0?z(o,e.text,r,n.cause):new d.c("environment-failed",`uv could not make the project's environment: ${e.text}`,n)}case"path-malformed":return new d.c("runner-not-found",`The runner path ${i} is not module:object`,n);case"wrong-type":return new d.c("runner-wrong-type",`${i} is a ${e.found}, not a Runner`,{...n,problems:[await T(r,`runner = "${i}" names a ${e.found}`)]});case"object-missing":return Ye(i,e.object,r,n.cause)}}async function Ye(e,t,r,n){let[i=""]=e.split(":"),o=await r.importAgain(),a=o?.kind==="imported"?o.runners:[],s=(0,H.a)(t,a)??a[0],l=s===void 0?void 0:`runner = "${i}:${s}"`;return new d.c("runner-not-found",`The module ${i} has no object ${t}`,{problems:[await T(r,`${i} has no ${t}`,l)],cause:n})}async function et(e,t,r){let n=x(t),i=C(r,e.message)||(e.classes[0]??"an exception without a message"),o=await tt(e,r.search);if(o!==void 0)return z(o,i,r,n,e.frames);let{entrypoint:a}=r.project,[s,l]=a.kind==="runner"?a.objectPath.split(":"):[],u=Ce(r.search.packed),f=De(e,{module:s,hasPackage:p=>u.has(p)}),m=e.classes[0]??"Exception",w=Oe(r,e)??q(r,e.frames,`${m}: ${i}`),c=w===void 0?[]:[w];if(f==="runner-not-found"&&s!==void 0){let p=(0,H.a)(s.replace(/\.py$/,"").replaceAll("/","."),u),b=p===void 0?void 0:`runner = "${p}:${l}"`;c.unshift(await T(r,`There is no module ${s} in the artifact`,b))}return new d.c(f,`${E(r)} failed: ${i}`,{cause:n,problems:c})}async function tt(e,t){if(e.classes.includes("ImportError")&&e.module!==void 0){let r=/^cannot import name '(\w+)'/.exec(e.message)?.[1],n=r===void 0?e.module:`${e.module}.${r}`;return Z(t,n)}if(!e.classes.includes("SyntaxError"))return e.file===void 0?void 0:A(t,e.file)}async function z(e,t,r,n,i=[]){let o=await $e(r.project,e),a={message:`${e} is not in the artifact`,file:O(r,e)},s=q(r,i,t);return new d.c("file-left-out",`The worker needs ${e}, which is not in the artifact: ${t}`,{problems:[...o.length===0?[a]:o,...s===void 0?[]:[s]],cause:n})}function G(e,t,r){let n=q(e,t.frames,r);return n===void 0?[]:[n]}function Q({project:{entrypoint:e}}){return e.kind==="command"?`[workflow] command ${e.argv[0]}`:"The worker"}function E({project:{entrypoint:e}}){return e.kind==="command"?"[workflow] command":`Importing ${e.objectPath.split(":")[0]}`}function x(e){let t=(e.stderr.trim()||e.stdout.trim()).split(/\r?\n/).slice(-He).map(r=>r.slice(0,We)).join(`
`);return t===""?void 0:new Error(`The worker's last lines:
${t}`)}var rt=`
import dataclasses, enum, importlib, json, os, sys, time, types, typing
module, target, report = sys.argv[1:4]
sys.argv = [sys.argv[0], module + ":" + target]
leave, dumps, encode, replace = os._exit, json.dumps, str.encode, os.replace
opened = open(report + ".partial", "wb")
TEXT, DEPTH, FIELDS, ROOM = 1000, 12, 500, 200_000
try:
    importlib.import_module("tilebox.workflows.runner")
    importlib.import_module("tilebox.workflows").Runner
except BaseException:
    pass
while not os.path.exists(report + ".go"):
    time.sleep(0.003)
class Unreadable(Exception):
    pass
def cut(text, limit=TEXT):
    return text if len(text) <= limit else text[: limit - 1] + "\\u2026"
def plain(value):
    return "".join(c if c.isprintable() else "?" for c in str.__str__(value))
def why(error):
    kind = type.__getattribute__(type(error), "__name__")
    if isinstance(error, Unreadable):
        return cut(error.args[0])
    try:
        said = cut(plain(str(error)), 300)
    except BaseException:
        said = ""
    return kind + ": " + said if said else kind
def name_of(kind):
    name = type.__getattribute__(kind, "__qualname__").replace("<locals>.", "")
    home = type.__getattribute__(kind, "__module__")
    return name if home == "builtins" else plain(home + "." + name)
records = {}
wrappers = [getattr(typing, name) for name in ("Annotated", "Required", "NotRequired", "Final") if hasattr(typing, name)]
def literal(value):
    if value is None:
        return "None"
    if type(value) is str:
        text = dumps(value)
        if len(text) <= 200:
            return text
    elif type(value) in (int, bool):
        return str(value)
    raise Unreadable("a literal that is neither a short text, a number nor None")
def union(parts):
    found = set()
    for part in parts:
        found.update(part)
    return found
def alternatives(kind, depth=0):
    if depth > DEPTH:
        raise Unreadable("its type is nested too deeply")
    below = lambda part: text_of(part, depth + 1)
    if kind is None or kind is type(None):
        return {"None"}
    if kind is typing.Any or kind is object:
        return {"Any"}
    if kind is Ellipsis:
        return {"..."}
    if type(kind) is typing.NewType:
        return alternatives(kind.__supertype__, depth + 1)
    if type(kind) is typing.TypeVar:
        return {kind.__name__}
    if type(kind).__name__ == "TypeAliasType":
        return alternatives(kind.__value__, depth + 1)
    if type(kind) in (str, typing.ForwardRef):
        raise Unreadable("a forward reference that cannot be resolved: " + plain(getattr(kind, "__forward_arg__", kind)))
    origin = typing.get_origin(kind)
    if origin in wrappers:
        return alternatives(typing.get_args(kind)[0], depth + 1)
    if origin in (typing.Union, types.UnionType):
        return union(alternatives(part, depth + 1) for part in typing.get_args(kind))
    if origin is typing.Literal:
        parts = typing.get_args(kind)
        return {literal(part._value_ if isinstance(part, enum.Enum) else part) for part in parts}
    if origin is not None:
        if not isinstance(origin, type):
            raise Unreadable("a type of a form that is not known")
        args = ["[" + ", ".join(map(below, part)) + "]" if type(part) is list else below(part) for part in typing.get_args(kind)]
        base = next(iter(alternatives(origin, depth + 1)))
        return {base + "[" + ", ".join(args) + "]" if args else base}
    if not isinstance(kind, type):
        raise Unreadable("its annotation is no type")
    if isinstance(kind, enum.EnumMeta):
        return {literal(member._value_) for member in kind}
    name = name_of(kind)
    descriptor = getattr(kind, "DESCRIPTOR", None)
    if descriptor is not None and hasattr(kind, "FromString"):
        return {"protobuf." + plain(descriptor.full_name)}
    if typing.is_typeddict(kind):
        record(name, lambda: dict_fields(kind))
    elif dataclasses.is_dataclass(kind):
        record(name, lambda: fields_of(kind))
    return {name}
def text_of(kind, depth=0):
    parts = alternatives(kind, depth)
    text = " | ".join(sorted(parts))
    if not parts or len(text) > TEXT:
        raise Unreadable("its type is too long to be written down" if parts else "an enumeration without members")
    return text
def record(name, read):
    if name not in records:
        records[name] = None
        try:
            records[name] = read()
        except BaseException:
            del records[name]
            raise
def default_of(field):
    value, factory = field.default, field.default_factory
    if factory is not dataclasses.MISSING:
        return factory.__name__ + "()" if factory in (list, dict, set, frozenset, tuple) else None
    while isinstance(value, enum.Enum):
        value = value._value_
    if value is None or type(value) in (bool, int, float):
        text = repr(value)
    elif type(value) is str:
        text = dumps(value[:TEXT])
    else:
        return None
    return cut(text, 200)
def typed(name, required, kind, default=None):
    entry = {"name": plain(name), "required": required}
    try:
        entry["type"] = text_of(kind())
    except BaseException as error:
        entry["type"], entry["unread"] = "unknown", why(error)
    if default is not None:
        entry["default"] = default
    return entry
def hints_of(kind):
    try:
        return typing.get_type_hints(kind, None, {type.__getattribute__(kind, "__name__"): kind})
    except BaseException:
        return {}
def fields_of(kind):
    sent = [field for field in dataclasses.fields(kind) if not field.metadata.get("skip_serialization", False)]
    if len(sent) > FIELDS:
        raise Unreadable("it has " + str(len(sent)) + " fields")
    hints = hints_of(kind)
    def annotation(field):
        if field.name in hints:
            return hints[field.name]
        if type(field.type) is str:
            home = sys.modules.get(type.__getattribute__(kind, "__module__"))
            return eval(field.type, dict(vars(home) if home else {}), {kind.__name__: kind})
        return field.type
    found = []
    for field in sent:
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        try:
            default = default_of(field)
        except BaseException:
            default = None
        found.append(typed(field.name, required, lambda: annotation(field), default))
    return found
def dict_fields(kind):
    hints = hints_of(kind)
    return [typed(name, name in kind.__required_keys__, lambda: hints[name]) for name in list(hints)[:FIELDS]]
def input_of(kind):
    for method in ("_serialize", "_deserialize"):
        for parent in type.__getattribute__(kind, "__mro__"):
            if method in type.__getattribute__(parent, "__dict__"):
                if not type.__getattribute__(parent, "__module__").startswith("tilebox."):
                    raise Unreadable("the class has a " + method + " of its own")
                break
    return {"kind": "fields", "fields": fields_of(kind)}
def tell(facts):
    opened.write(encode(dumps(facts), "utf-8", "backslashreplace"))
    opened.close()
    replace(report + ".partial", report)
    leave(0)
try:
    runner = importlib.import_module(module)
    for step in target.split("."):
        runner = getattr(runner, step)
    registered = list(runner._tasks_by_identifier.items())
except BaseException as error:
    tell({"failed": why(error)})
tasks, room = [], ROOM
for identifier, kind in registered:
    task = {}
    known = dict(records)
    try:
        task = {"name": str.__str__(identifier.name), "version": str.__str__(identifier.version)}
        task["className"] = plain(type.__getattribute__(kind, "__name__"))
        task["input"] = input_of(kind)
        new = {name: fields for name, fields in records.items() if name not in known}
        room -= len(dumps([task, new]))
        if room < 0:
            raise Unreadable("the contract is too large")
    except BaseException as error:
        records.clear()
        records.update(known)
        task["input"] = {"kind": "unknown", "why": why(error)}
    if "name" in task:
        tasks.append(task)
tell({"tasks": tasks, "records": [{"name": name, "fields": fields} for name, fields in records.items()]})
`;function nt(e){let{locked:t,watchdog:r,signal:n}=e,i,o=()=>(i??=it(e),i);return{warmUp:()=>{t&&e.entrypoint.kind==="runner"&&o().catch(()=>{})},read:async(a,s)=>{try{return st(await ot(await o(),n,s),a)}catch(l){return n.throwIfAborted(),(0,j.b)(a,(0,d.f)(l))}},[Symbol.asyncDispose]:async()=>{let a=await i?.catch(()=>{});a!==void 0&&(a.process.kill(),await a.process.exited,r.removeFolder(a.scratch))}}}async function it(e){let{entrypoint:t,folder:r,locked:n,watchdog:i}=e;if(t.kind==="command")throw new Error("the worker is started by a command, which does not tell where its Runner is");let o=(0,_.b)(e.environment),a=await(0,_.c)("uv",r,o);if(a===void 0)throw new Error("uv is not on PATH");let[s="",l=""]=t.objectPath.split(":"),u=await i.makeFolder((0,de.tmpdir)()),f=(0,ue.join)(u,"contract.json"),m=[a,"run",n?"--locked":"--no-sync","python","-c",rt,s,l,f];try{return{process:await(0,y.c)(m,r,o,i),scratch:u,report:f}}catch(w){throw i.removeFolder(u),w}}async function ot({process:e,report:t},r,n){await(0,L.writeFile)(`${t}.go`,"");let i=()=>e.kill();r.addEventListener("abort",i,{once:!0}),r.aborted&&i();let o=await(0,y.a)(e.exited,n);o||i();let a=await e.exited;if(r.removeEventListener("abort",i),r.throwIfAborted(),!o)throw new Error(`reading it took longer than ${n/1e3} s`);return await at(t,a)}async function at(e,t){let r=await(0,L.readFile)(e).catch(()=>{});if(r===void 0)throw new Error(`the program that reads it was ended by the project's code (${(0,y.b)(t)})`);if(r.length>j.a)throw new Error("what was read is too large");let n=JSON.parse(r.toString("utf8")),i=typeof n=="object"&&n!==null&&"failed"in n?n.failed:void 0;if(typeof i=="string")throw new Error(i.slice(0,500));let o=(0,j.c)(n);if(o===void 0)throw new Error("what was read has another form");return o}function st(e,t){return{tasks:t.map(({name:r,version:n})=>e.tasks.find(i=>i.name===r&&i.version===n)??{name:r,version:n,input:{kind:"unknown",why:"a second import of the module did not register it"}}),records:e.records}}var lt=1e4;async function dt(e){let t=(0,_.b)(e.environment),r=await(0,_.c)("uv",e.folder,t);if(r===void 0)return;let[n="",i=""]=e.objectPath.split(":"),o=await e.watchdog.makeFolder((0,fe.tmpdir)()),a=(0,me.join)(o,"report.json");try{let s=String(e.limitMs/1e3),l=await(0,y.c)([r,"run","--no-sync","python","-c",Ie,n,i,a,s],e.folder,t,e.watchdog),u=Promise.race([l.exited,ct(e.signal)]);return await(0,y.a)(u,e.limitMs+lt),l.kill(),await l.exited,e.signal.throwIfAborted(),await ut(a)}finally{e.watchdog.removeFolder(o)}}async function ut(e){let t=r=>(0,ce.readFile)(r,"utf8").catch(()=>"");return Me(await t(e))??Se(await t(`${e}.trace`))}function ct(e){return new Promise(t=>{e.aborted?t():e.addEventListener("abort",()=>t(),{once:!0})})}var ft={environmentMs:3e5,importMs:12e4,secondImportMs:15e3,graceMs:3e3,terminateMs:1e3};async function mt(e){var t=[];try{let o=await(0,ae.realpath)(e.folder),a=new Set(e.manifest.map(ye=>ye.path)),s={checkout:e.project.root,artifact:o,packed:a};e.project.entrypoint.kind==="runner"&&await yt({project:e.project,search:s});let l=a.has("uv.lock"),u=(0,_.a)(e.environment),{entrypoint:f}=e.project,m=(0,P.g)(t,new AsyncDisposableStack,!0),w=m.use(nt({...e,entrypoint:f,folder:o,environment:u,locked:l})),c=await(0,g.b)({...e,entrypoint:f,folder:o,environment:u,locked:l,onLaunch:w.warmUp});if(c.kind==="failed")throw await Je(c.failure,vt({...e,folder:o,environment:u},s));let p=m.use(c.worker),b=kt(p.tasks),N=l||(0,g.c)(f,!0)[0]!=="uv"?[]:[wt],U=ht(c.measured.importMs,e.limits),he=gt(p,e.limits),we=await w.read(b,U);return{tasks:b,contract:we,notices:N,ended:pt(m.move(),he,e.signal)}}catch(o){var r=o,n=!0}finally{var i=(0,P.h)(t,r,n);i&&await i}}async function pt(e,t,r){let n,i=()=>(n??=e.disposeAsync(),n);r.addEventListener("abort",i,{once:!0}),r.aborted&&i();let o=await t;return r.removeEventListener("abort",i),await i(),o}function ht(e,{secondImportMs:t}){return Math.round(Math.min(t,5e3+3*e))}var wt="The artifact has no uv.lock: every start of a runner resolves the dependencies anew, so a release that runs today may fail when a package it needs has a new version. Run `uv lock` and commit uv.lock.";async function yt(e){if(e.search.packed.has("pyproject.toml"))return;let t=await A(e.search,"pyproject.toml");throw t!==void 0?await z(t,"it says what to install",e):new d.c("environment-failed","The project has no pyproject.toml, which says what to install",{next:"Add a pyproject.toml with tilebox-workflows in its dependencies beside tilebox.workflow.toml."})}function kt(e){if(e.length===0)throw new d.c("tasks-empty","The worker registered no task");let t=(0,ee.a)(e),[r]=t;if(r!==void 0)throw new d.c("tasks-invalid",r,{problems:t.map(n=>({message:n}))});return(0,te.a)(e)}async function gt(e,t){let r=await e.stop(t);return r==="asked"?[]:[`The worker did not end within ${t.graceMs/1e3} s of being asked and was ${r}: the project's modules start threads that are not daemons. A runner that replaces this release will have to do the same.`]}function vt(e,t){let{project:r}=e;return{project:r,search:t,importAgain:async()=>{if(r.entrypoint.kind==="command")return;let{objectPath:n}=r.entrypoint;return dt({...e,objectPath:n,limitMs:e.limits.secondImportMs})}}}async function pe(e,t){t.signal.throwIfAborted();let{build:r,settled:n}=await X(await(0,$.b)(e,t.outputFolder),t);return{...r,notices:[...r.notices,...await n]}}async function X(e,t){let{outputFolder:r,log:n,signal:i}=t,{project:o,manifest:a,digest:s,measured:l}=e,{entrypoint:u,slug:f}=o;await(0,ie.rm)((0,W.join)(r,M.a),{force:!0});let m=await e.writeArchive();n.info(`Packed ${a.length} files, ${l.tarSizeBytes} bytes, digest ${s}`),i.throwIfAborted();let w=performance.now(),c=await _t(e,m,t),p=Math.round(performance.now()-w),b=c.tasks.length===1?"one task":`${c.tasks.length} tasks`;n.info(`Found ${b} in ${p} ms`);let N={formatVersion:S.a,slug:f,entrypoint:u,manifest:a,digest:s,fingerprint:(0,S.b)({manifest:a,entrypoint:u,tasks:c.tasks}),tasks:c.tasks,contract:c.contract,archive:m,measured:{...l,discoverMs:p},notices:[...e.notices,...c.notices]};try{await(0,M.b)(r,N)}catch(U){throw await c.ended,U}return{build:N,settled:c.ended}}async function _t({project:e,manifest:t,digest:r},n,{env:i,log:o,signal:a,limits:s}){let l=(0,Y.a)(),u=await l.makeFolder((0,oe.tmpdir)()),f=()=>l.removeFolder(u);try{let m=(0,W.join)(u,"artifact");await(0,g.a)((0,ne.createReadStream)(n.path),m,{digest:r}),a.throwIfAborted();let w=t.some(p=>p.path==="uv.lock");o.info(`Starting the worker in the artifact: ${(0,g.c)(e.entrypoint,w).join(" ")}`);let c=await mt({project:e,folder:m,manifest:t,environment:i,limits:s??ft,watchdog:l,signal:a,onProgress:p=>o.info(bt(p))});return c.ended.then(f),c}catch(m){throw f(),m}}function bt({phase:e,elapsedMs:t,limitMs:r}){return`${e==="environment"?"Preparing the environment":"Importing the project's module"}: ${Math.round(t/1e3)} s of at most ${Math.round(r/1e3)} s`}0&&(module.exports={buildPacked,buildProject});
