/**
 * Reads the live Runner's tasks and the fields of their inputs. Arguments: module, object path, report file. The
 * report is one JSON object, written once and whole. Until a file beside it, with `.go` at the end, is there, only the
 * SDK is imported, which takes most of the time: the project's module may hold something that the worker's import needs.
 *
 * What a task's input is follows the SDK: the dataclass's fields but those with the metadata `skip_serialization`.
 * Whatever a class of the project does when it is looked at (raise, loop, end the process) costs its own entry or,
 * at worst, the report: nothing of the project's is called but what reading an attribute runs, no `__repr__`, no
 * default factory. Types are written as src/engine/contract-types.ts reads them.
 */
export const contractProgram = `
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
`;
