import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{a as ce,b as le,c as j,d as $,e as ue,f as h}from"./chunk-W36C4XUY.js";import{a as I,b as x,c as T}from"./chunk-KP3A6BFN.js";import"./chunk-4MTH3GA5.js";import{a as _,b as de}from"./chunk-BCSVNM5N.js";import{a as se,b as ae}from"./chunk-54VJJBBD.js";import{e as E}from"./chunk-KC67Z2AI.js";import{a as me}from"./chunk-TOXO5DQR.js";import"./chunk-VONP6VXR.js";import"./chunk-467EWHL6.js";import"./chunk-54W3756O.js";import{a as oe,b as ie}from"./chunk-DJAFBZ6S.js";import"./chunk-4L5LTYS3.js";import{a as te,b as re,c as ne}from"./chunk-2Y6XSEBQ.js";import"./chunk-PBXMVPGW.js";import{a as Y,b as ee}from"./chunk-O45KF2GW.js";import"./chunk-PAC5MXTM.js";import{a as M}from"./chunk-WGVAXYH5.js";import{a as O,b as V,e as K,f as Q,g as L}from"./chunk-SBSYIR5R.js";import"./chunk-A3LMW7NH.js";import{a as Z}from"./chunk-ZZQ27P2C.js";import{c as X,d as J}from"./chunk-4ZR5P43E.js";import{d as c,e as H}from"./chunk-XI4ULOKZ.js";import"./chunk-BDIXEAEM.js";import{e as z,f as G}from"./chunk-6REBNCRS.js";import{createReadStream as Tt}from"node:fs";import{rm as At}from"node:fs/promises";import{tmpdir as St}from"node:os";import{join as Fe}from"node:path";import{realpath as xt}from"node:fs/promises";import{lstatSync as Ce}from"node:fs";import{join as W,posix as D}from"node:path";async function fe(e,t){let r=Ce(W(e.root,t),{throwIfNoEntry:!1});if(r===void 0||t===""||t.split("/").includes(".."))return[];let n=Q(e,[]),o=Me(n,t);if(o!==void 0)return[o];let i=[];if(r.isDirectory()||!(r.isFile()||r.isSymbolicLink())){let s=r.isDirectory()?"a folder":"a socket, a pipe or a device";i.push({reason:"not-a-file",message:`${t} is ${s}; an artifact holds files and symlinks.`})}return[...i,...await Oe(e,n,t),...await Le(e,n,t),...De(n,t)]}function Me(e,t){let r=pe(t);if(r.some(i=>D.basename(i)===Z)||D.basename(t)===e.archiveName)return{reason:"own-output",message:`${t} is what a build writes, and never enters an artifact.`};let o=r.find(i=>X(W(e.root,i)));if(o!==void 0)return{reason:"nested-repository",message:`${t} lies in ${o}, a repository of its own (a submodule or a clone).`,hint:"copy the files into this repository"}}async function Oe(e,t,r){if(K(t.include,r)!==void 0)return[];let n=D.dirname(r),o=n==="."?r:`${n}/**`,i=await _(e,["build","include"]),s=`No include pattern matches ${r}.`;return[{...i,reason:"not-included",message:s,hint:`add ${E(o)} to include`}]}async function Le(e,t,r){let n=[];for(let[o,i]of t.exclude.entries()){if(!i.test(r))continue;let s=await _(e,["build","exclude",o]),a=`${r} is excluded by ${E(i.source)}.`;n.push({...s,reason:"excluded",message:a,hint:"narrow the pattern"})}return n}function De(e,t){if(!e.useGitignore)return[];let r=e.rootIgnored??We(e,t);if(r===void 0)return[];let{file:n,line:o,pattern:i}=r,s=`${t} is ignored by ${E(i)} in ${n}.`;return[{reason:"ignored",file:n,line:o,message:s,hint:"change the pattern, or set use_gitignore = false"}]}function We(e,t){let r=L(e.rulesAbove,e.prefix,e.root);for(let n of pe(t)){let o=`${e.prefix}${n}/`,i=O(r,o);if(i!==void 0)return i;r=L(V(r,o),o,W(e.root,n))}return O(r,e.prefix+t)}function pe(e){let t=e.split("/");return t.slice(1).map((r,n)=>t.slice(0,n+1).join("/"))}var ke=`
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
`;function he(e){let t;try{t=JSON.parse(e)}catch{return}if(!Be(t))return;if(t.kind==="exits")return{kind:"exits",frames:ge(t.frames)};if(t.kind==="imported")return{kind:"imported",runners:ye(t.runners)};if(t.kind!=="raised"||typeof t.message!="string")return;let r=Array.isArray(t.position)?t.position.map(Number):[],[n,o]=r;return{kind:"raised",classes:ye(t.classes),message:t.message,frames:ge(t.frames),module:typeof t.module=="string"?t.module:void 0,file:typeof t.file=="string"?t.file:void 0,position:Number.isInteger(n)&&Number.isInteger(o)?{line:Number(n),column:Number(o)}:void 0}}function we(e){let r=e.split(/^(?=(?:Current thread|Thread) 0x)/m).find(o=>o.includes('File "<string>"'));if(r===void 0)return;let n=[...r.matchAll(/^ {2}File "(.+)", line (\d+) in /gm)].map(([,o,i])=>({file:o??"",line:Number(i)})).filter(({file:o})=>o!=="<string>");return{kind:e.startsWith("Timeout (")?"stuck":"crashed",frames:n.toReversed()}}function be(e){let t=e.lastIndexOf("Traceback (most recent call last):");if(t<0)return;let r=e.slice(t).split(/\r?\n/),n=r.flatMap(d=>{let u=/^ {2}File "(.+)", line (\d+)/.exec(d);return u===null?[]:[{file:u[1]??"",line:Number(u[2])}]}),o=r.map(d=>/^([A-Za-z_][\w.]*)(?:: (.*))?$/.exec(d)).find(d=>d!==null);if(o==null)return;let i=o[1]?.split(".").at(-1)??"",s=o[2]??"",a=n.at(-1),l=i==="SyntaxError"||i==="IndentationError"||i==="TabError";return{kind:"raised",classes:i==="ModuleNotFoundError"?[i,"ImportError"]:[i],message:s,frames:n,module:/^No module named '([^']+)'/.exec(s)?.[1]??/from '([^']+)'/.exec(s)?.[1],file:l?a?.file:/No such file or directory: '([^']+)'/.exec(s)?.[1],position:l&&a!==void 0?{line:a.line,column:1}:void 0}}function Be(e){return typeof e=="object"&&e!==null&&!Array.isArray(e)}function ye(e){return Array.isArray(e)?e.filter(t=>typeof t=="string"):[]}function ge(e){return Array.isArray(e)?e.flatMap(t=>{if(!Array.isArray(t))return[];let[r,n]=t;return typeof r=="string"&&Number.isInteger(n)?[{file:r,line:Number(n)}]:[]}):[]}var Ue=[[/^(?:Duplicate task identifier|Invalid version string|A task name is required|The task name is too long)/,"tasks-invalid"],[/^Failed to invoke .*identifier\(\)|is not executable\. It must have an execute method|^Expected a function signature of|to not have a return value!|is not a task!/,"task-class-invalid"]],qe=/^(?:URLError|gaierror|ConnectionError|ConnectTimeout|ConnectError|NewConnectionError|MaxRetryError|NetworkError|TimeoutError)$/,ze=/network error when requesting|Name or service not known|Temporary failure in name resolution|nodename nor servname|getaddrinfo failed|Connection refused|Network is unreachable|failed to connect to all addresses/;function _e(e,t){let{classes:r,message:n,module:o}=e;if(r.includes("SyntaxError"))return"import-syntax";if(n.includes("partially initialized module"))return"import-circular";if(r.includes("ModuleNotFoundError")&&o!==void 0)return Ge(o,t);if(n.includes("No API key provided"))return"import-needs-api-key";for(let[i,s]of Ue)if(i.test(n))return s;return r.some(i=>qe.test(i))||ze.test(n)?"import-needs-network":"import-failed"}function Ge(e,t){let r=t.module;if(r!==void 0&&(r===e||r.startsWith(`${e}.`)))return"runner-not-found";let[n=""]=e.split(".");return n==="tilebox"?"sdk-missing":t.hasPackage(n)?"import-failed":"dependency-missing"}import{stat as He}from"node:fs/promises";import{join as Xe,relative as Je,resolve as xe,sep as Ve}from"node:path";var Ke=["","src","lib","python"];async function B(e,t){let r=t.split(".");if(!r.some(n=>!/^\w+$/.test(n)))for(let n of Ke){let o=[...n===""?[]:[n],...r].join("/");for(let i of[`${o}/__init__.py`,`${o}.py`]){let s=await w(e,i);if(s!==void 0)return s}}}async function w(e,t){let r=A(e.artifact,t);return r===void 0||r===""||e.packed.has(r)?void 0:(await He(Xe(e.checkout,r)).catch(()=>{}))?.isFile()===!0?r:void 0}function A(e,t){let r=Je(e,xe(e,t)).split(Ve).join("/");if(!(r.startsWith("../")||r===".."||r.startsWith(".venv/")||xe(r)===r))return r}import{join as Ze,sep as Qe}from"node:path";function S(e,t,r){for(let n of t.toReversed()){let o=A(e.search.artifact,n.file);if(!(o===void 0||!e.search.packed.has(o)))return{message:r,file:R(e,o),...n.line>0?{line:n.line}:{}}}}function ve(e,t){if(t.position===void 0||t.file===void 0)return;let r=A(e.search.artifact,t.file);if(!(r===void 0||!e.search.packed.has(r)))return{message:t.message,file:R(e,r),...t.position}}async function v({project:e},t,r){return{...await _(e,["workflow",e.entrypoint.kind]),message:t,...r===void 0?{}:{hint:r}}}function R({project:e},t){return J(e.repositoryRoot,Ze(e.root,t))}function F({search:e},t){return t.replaceAll(`${e.artifact}${Qe}`,"").replaceAll(e.artifact,".")}function Pe(e){let t=new Set;for(let r of e){let n=/^(?:src\/)?((?:\w+\/)*\w+)\.py$/.exec(r)?.[1]?.replace(/\/__init__$/,"");if(n===void 0)continue;let o=n.split("/");for(let i=1;i<=o.length;i++)t.add(o.slice(0,i).join("."))}return t}var Ye=[e=>/needs to be updated, but `?--locked`? was provided/.test(e)?{kind:"lock-stale"}:void 0,e=>{let t=/(?:error: )?(No interpreter found for [^\n]+|No solution found when resolving Python[^\n]*)/.exec(e);return t===null?void 0:{kind:"python-missing",text:t[1]??""}},e=>{let t=/(?:Error while finding module specification for|No module named) '?tilebox\.workflows[\w.]*'?[^\n]*/.exec(e);return t===null||e.includes("Failed to import module")?void 0:{kind:"sdk-missing",text:t[0]}},e=>{let t=/^Module '[^\n]*' has no runner object '([^\n]*)'\.$/m.exec(e);return t===null?void 0:{kind:"object-missing",object:t[1]??""}},e=>{let t=/^Expected '[^\n]*' to resolve to tilebox\.workflows\.Runner, got ([^\n]*)\.$/m.exec(e);return t===null?void 0:{kind:"wrong-type",found:t[1]??""}},e=>/^Expected runner import path in the format/m.test(e)?{kind:"path-malformed"}:void 0,e=>{let t=/^Failed to import module '[^\n]*?': ([\s\S]*?) \(attempted import took [\d.]+s\)$/m.exec(e);return t===null?void 0:{kind:"import-failed",text:t[1]??""}},e=>{let t=/^(?:error: |\s*[×x] )([^\n]+)/m.exec(e);if(t===null)return;let r=[...e.matchAll(/^\s*(\w+(?:Error|Exception): [^\n]+)/gm)].at(-1)?.[1],n=/(?:Readme file does not exist: |No such file or directory: ')([^'\n]+)/.exec(e),o=/no directory that matches the name of your project \(([\w.-]+)\)/.exec(e);return{kind:"environment-failed",text:r===void 0?t[1]??"":`${t[1]}: ${r}`,file:n?.[1],module:o?.[1]?.replaceAll(/[-.]/g,"_")}}];function Ee(e){for(let t of Ye){let r=t(e);if(r!==void 0)return r}}var et=25,tt=500,rt="Look whether the machine ran out of memory: that is what most often kills a process so. Load large data in the tasks, not at import.";async function je(e,t){if(e.kind==="program-missing")return nt(e.program,t);let r={stdout:F(t,e.output.stdout),stderr:F(t,e.output.stderr)};switch(e.kind){case"wrong-protocol":return new c("worker-protocol",`${$e(t)} answered, but not as a worker does: ${e.answer}`,{cause:b(r)});case"timed-out":return ot({...e,output:r},t);case"exited":return it({...e,output:r},t)}}async function nt(e,t){return e==="uv"?new c("uv-missing","uv, which starts the worker, is not on PATH"):new c("command-missing",`The program ${e} of [workflow] command was not found`,{problems:[await v(t,`command starts with ${e}, which is neither on PATH nor in the artifact`)]})}async function ot(e,t){let r=Math.round(e.limitMs/100)/10,n=await t.importAgain();if(e.phase==="environment"&&n?.kind!=="stuck")return new H("worker-start-timeout",`${$e(t)} neither announced itself nor listened within ${r} s: the environment was not ready, or the program does not serve`,{cause:b(e.output)});let o=e.phase==="import"&&!e.answered?"holds Python's interpreter lock (a native call or a regular expression)":"still runs Python code (a loop, a wait or slow work)",i=n?.kind==="stuck"?U(t,n,"The import stays here"):[];return new c("import-timeout",`${P(t)} took longer than ${r} s; it ${o}`,{problems:i,cause:b(e.output)})}async function it(e,t){let r=Ee(e.output.stderr),n=e.phase==="environment"&&h(t.project.entrypoint,!0)[0]==="uv";if(r!==void 0&&r.kind!=="import-failed"&&(n||r.kind!=="environment-failed"))return st(r,e.output,t);let o=await t.importAgain()??be(e.output.stderr),i=b(e.output);if(e.exit.kind==="signal"){let l=o?.kind==="crashed"?U(t,o,"It crashed here"):[];return new c("worker-crashed",`${P(t)} ended the process with ${x(e.exit)}`,{cause:i,problems:l,...e.exit.signal==="SIGKILL"?{next:rt}:{}})}if(o?.kind==="raised")return dt(o,e.output,t);if(r?.kind==="import-failed")return new c("import-failed",`${P(t)} failed: ${r.text}`,{cause:i});let s=`ended the process with ${x(e.exit)} before any task was listed`;if(t.project.entrypoint.kind==="command")return new c("command-failed",`[workflow] command ${s}`,{cause:i});let a=o?.kind==="exits"?U(t,o,"The process is ended here"):[];return new c("import-exits",`${P(t)} ${s}`,{cause:i,problems:a})}async function st(e,t,r){let n={cause:b(t)},o=r.project.entrypoint.kind==="runner"?r.project.entrypoint.objectPath:"";switch(e.kind){case"lock-stale":return new c("lock-stale","uv.lock does not fit pyproject.toml any more",n);case"python-missing":return new c("python-missing",e.text,n);case"sdk-missing":return new c("sdk-missing",`The project's environment has no tilebox-workflows that can serve: ${e.text}`,n);case"environment-failed":{let i=(e.file===void 0?void 0:await w(r.search,e.file))??(e.module===void 0?void 0:await B(r.search,e.module));return i!==void 0?N(i,e.text,r,n.cause):new c("environment-failed",`uv could not make the project's environment: ${e.text}`,n)}case"path-malformed":return new c("runner-not-found",`The runner path ${o} is not module:object`,n);case"wrong-type":return new c("runner-wrong-type",`${o} is a ${e.found}, not a Runner`,{...n,problems:[await v(r,`runner = "${o}" names a ${e.found}`)]});case"object-missing":return at(o,e.object,r,n.cause)}}async function at(e,t,r,n){let[o=""]=e.split(":"),i=await r.importAgain(),s=i?.kind==="imported"?i.runners:[],a=M(t,s)??s[0],l=a===void 0?void 0:`runner = "${o}:${a}"`;return new c("runner-not-found",`The module ${o} has no object ${t}`,{problems:[await v(r,`${o} has no ${t}`,l)],cause:n})}async function dt(e,t,r){let n=b(t),o=F(r,e.message)||(e.classes[0]??"an exception without a message"),i=await ct(e,r.search);if(i!==void 0)return N(i,o,r,n,e.frames);let{entrypoint:s}=r.project,[a,l]=s.kind==="runner"?s.objectPath.split(":"):[],d=Pe(r.search.packed),u=_e(e,{module:a,hasPackage:m=>d.has(m)}),y=e.classes[0]??"Exception",f=ve(r,e)??S(r,e.frames,`${y}: ${o}`),p=f===void 0?[]:[f];if(u==="runner-not-found"&&a!==void 0){let m=M(a.replace(/\.py$/,"").replaceAll("/","."),d),g=m===void 0?void 0:`runner = "${m}:${l}"`;p.unshift(await v(r,`There is no module ${a} in the artifact`,g))}return new c(u,`${P(r)} failed: ${o}`,{cause:n,problems:p})}async function ct(e,t){if(e.classes.includes("ImportError")&&e.module!==void 0){let r=/^cannot import name '(\w+)'/.exec(e.message)?.[1],n=r===void 0?e.module:`${e.module}.${r}`;return B(t,n)}if(!e.classes.includes("SyntaxError"))return e.file===void 0?void 0:w(t,e.file)}async function N(e,t,r,n,o=[]){let i=await fe(r.project,e),s={message:`${e} is not in the artifact`,file:R(r,e)},a=S(r,o,t);return new c("file-left-out",`The worker needs ${e}, which is not in the artifact: ${t}`,{problems:[...i.length===0?[s]:i,...a===void 0?[]:[a]],cause:n})}function U(e,t,r){let n=S(e,t.frames,r);return n===void 0?[]:[n]}function $e({project:{entrypoint:e}}){return e.kind==="command"?`[workflow] command ${e.argv[0]}`:"The worker"}function P({project:{entrypoint:e}}){return e.kind==="command"?"[workflow] command":`Importing ${e.objectPath.split(":")[0]}`}function b(e){let r=(e.stderr.trim()||e.stdout.trim()).split(/\r?\n/).slice(-et).map(n=>n.slice(0,tt)).join(`
`);return r===""?void 0:new Error(`The worker's last lines:
${r}`)}import{readFile as lt}from"node:fs/promises";import{tmpdir as ut}from"node:os";import{join as mt}from"node:path";var Ie=`
import dataclasses, enum, importlib, json, os, sys, types, typing
module, target, report = sys.argv[1:4]
sys.argv = [sys.argv[0], module + ":" + target]
leave, dumps, encode, replace = os._exit, json.dumps, str.encode, os.replace
opened = open(report + ".partial", "wb")
TEXT, DEPTH, FIELDS, ROOM = 1000, 12, 500, 200_000
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
`;async function Te(e){let{tasks:t,signal:r}=e;try{return yt(await ft(e),t)}catch(n){return r.throwIfAborted(),re(t,n instanceof Error?n.message:String(n))}}async function ft(e){let{entrypoint:t,folder:r,watchdog:n,signal:o,limitMs:i}=e;if(t.kind==="command")throw new Error("the worker is started by a command, which does not tell where its Runner is");let s=j(e.environment),a=await $("uv",r,s);if(a===void 0)throw new Error("uv is not on PATH");let[l="",d=""]=t.objectPath.split(":"),u=await n.makeFolder(ut()),y=mt(u,"contract.json"),f=new AbortController;try{let m=await T([a,"run","--no-sync","python","-c",Ie,l,d,y],r,s,n),g=()=>m.kill();o.addEventListener("abort",g,{once:!0,signal:f.signal}),o.aborted&&m.kill();let k=await I(m.exited,i);k||m.kill();let C=await m.exited;if(o.throwIfAborted(),!k)throw new Error(`reading it took longer than ${i/1e3} s`);return await pt(y,C)}finally{f.abort(),n.removeFolder(u)}}async function pt(e,t){let r=await lt(e).catch(()=>{});if(r===void 0)throw new Error(`the program that reads it was ended by the project's code (${x(t)})`);if(r.length>te)throw new Error("what was read is too large");let n=JSON.parse(r.toString("utf8")),o=typeof n=="object"&&n!==null&&"failed"in n?n.failed:void 0;if(typeof o=="string")throw new Error(o.slice(0,500));let i=ne(n);if(i===void 0)throw new Error("what was read has another form");return i}function yt(e,t){return{tasks:t.map(({name:r,version:n})=>e.tasks.find(s=>s.name===r&&s.version===n)??{name:r,version:n,input:{kind:"unknown",why:"a second import of the module did not register it"}}),records:e.records}}import{readFile as gt}from"node:fs/promises";import{tmpdir as kt}from"node:os";import{join as ht}from"node:path";var wt=1e4;async function Ae(e){let t=j(e.environment),r=await $("uv",e.folder,t);if(r===void 0)return;let[n="",o=""]=e.objectPath.split(":"),i=await e.watchdog.makeFolder(kt()),s=ht(i,"report.json");try{let a=String(e.limitMs/1e3),d=await T([r,"run","--no-sync","python","-c",ke,n,o,s,a],e.folder,t,e.watchdog),u=Promise.race([d.exited,_t(e.signal)]);return await I(u,e.limitMs+wt),d.kill(),await d.exited,e.signal.throwIfAborted(),await bt(s)}finally{e.watchdog.removeFolder(i)}}async function bt(e){let t=r=>gt(r,"utf8").catch(()=>"");return he(await t(e))??we(await t(`${e}.trace`))}function _t(e){return new Promise(t=>{e.aborted?t():e.addEventListener("abort",()=>t(),{once:!0})})}var Se={environmentMs:3e5,importMs:12e4,secondImportMs:15e3,graceMs:3e3,terminateMs:1e3};async function Re(e){var m=[];try{let t=await xt(e.folder);let r=new Set(e.manifest.map(Ne=>Ne.path));let n={checkout:e.project.root,artifact:t,packed:r};e.project.entrypoint.kind==="runner"&&await Et({project:e.project,search:n});let o=r.has("uv.lock");let i=le(e.environment);let{entrypoint:s}=e.project;let a=await ue({...e,entrypoint:s,folder:t,environment:i,locked:o});if(a.kind==="failed")throw await je(a.failure,It({...e,folder:t,environment:i},n));let l=z(m,a.worker,!0);let d=jt(l.tasks);let u=o||h(s,!0)[0]!=="uv"?[]:[Pt];let y=vt(a.measured.importMs,e.limits);let[f,p]=await Promise.all([Te({...e,entrypoint:s,tasks:d,folder:t,environment:i,limitMs:y}),$t(l,e.limits)]);return{tasks:d,contract:f,notices:[...u,...p]}}catch(g){var k=g,C=!0}finally{var q=G(m,k,C);q&&await q}}function vt(e,{secondImportMs:t}){return Math.round(Math.min(t,5e3+3*e))}var Pt="The artifact has no uv.lock: every start of a runner resolves the dependencies anew, so a release that runs today may fail when a package it needs has a new version. Run `uv lock` and commit uv.lock.";async function Et(e){if(e.search.packed.has("pyproject.toml"))return;let t=await w(e.search,"pyproject.toml");throw t!==void 0?await N(t,"it says what to install",e):new c("environment-failed","The project has no pyproject.toml, which says what to install",{next:"Add a pyproject.toml with tilebox-workflows in its dependencies beside tilebox.workflow.toml."})}function jt(e){if(e.length===0)throw new c("tasks-empty","The worker registered no task");let t=Y(e),[r]=t;if(r!==void 0)throw new c("tasks-invalid",r,{problems:t.map(n=>({message:n}))});return ee(e)}async function $t(e,t){let r=await e.stop(t);return r==="asked"?[]:[`The worker did not end within ${t.graceMs/1e3} s of being asked and was ${r}: the project's modules start threads that are not daemons. A runner that replaces this release will have to do the same.`]}function It(e,t){let{project:r}=e;return{project:r,search:t,importAgain:async()=>{if(r.entrypoint.kind==="command")return;let{objectPath:n}=r.entrypoint;return Ae({...e,objectPath:n,limitMs:e.limits.secondImportMs})}}}async function tn(e,t){return t.signal.throwIfAborted(),await Rt(await de(e,t.outputFolder),t)}async function Rt(e,t){let{outputFolder:r,log:n,signal:o}=t,{project:i,manifest:s,digest:a,measured:l}=e,{entrypoint:d,slug:u}=i;await At(Fe(r,se),{force:!0});let y=await e.writeArchive();n.info(`Packed ${s.length} files, ${l.tarSizeBytes} bytes, digest ${a}`),o.throwIfAborted();let f=performance.now(),p=await Ft(e,y,t),m=Math.round(performance.now()-f),g=p.tasks.length===1?"one task":`${p.tasks.length} tasks`;n.info(`Found ${g} in ${m} ms`);let k={formatVersion:oe,slug:u,entrypoint:d,manifest:s,digest:a,fingerprint:ie({manifest:s,entrypoint:d,tasks:p.tasks}),tasks:p.tasks,contract:p.contract,archive:y,measured:{...l,discoverMs:m},notices:[...e.notices,...p.notices]};return await ae(r,k),k}async function Ft({project:e,manifest:t,digest:r},n,{env:o,log:i,signal:s,limits:a}){let l=me(),d=await l.makeFolder(St());try{let u=Fe(d,"artifact");await ce(Tt(n.path),u,{digest:r}),s.throwIfAborted();let y=t.some(f=>f.path==="uv.lock");return i.info(`Starting the worker in the artifact: ${h(e.entrypoint,y).join(" ")}`),await Re({project:e,folder:u,manifest:t,environment:o,limits:a??Se,watchdog:l,signal:s,onProgress:f=>i.info(Nt(f))})}finally{l.removeFolder(d)}}function Nt({phase:e,elapsedMs:t,limitMs:r}){return`${e==="environment"?"Preparing the environment":"Importing the project's module"}: ${Math.round(t/1e3)} s of at most ${Math.round(r/1e3)} s`}export{Rt as buildPacked,tn as buildProject};
