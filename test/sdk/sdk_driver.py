"""Calls the official SDK as a test tells it to: one JSON request a line on stdin, one JSON answer a line on stdout.

A request names a chain of attributes from the client and the arguments of its last call, for example
{"call": "clusters().create", "args": ["dev"], "kwargs": {"slug": "dev"}}.
"""

import dataclasses
import json
import sys
from datetime import datetime
from enum import Enum
from uuid import UUID

from tilebox.workflows import Client


def plain(value):
    """What the SDK returned, as JSON can say it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: plain(getattr(value, field.name)) for field in fields if not field.name.startswith("_")}
    if isinstance(value, (list, tuple, set)):
        return [plain(entry) for entry in value]
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return value


def answer(client, request):
    try:
        target = client
        *path, last = request["call"].split(".")
        for step in path:
            target = getattr(target, step.removesuffix("()"))
            target = target() if step.endswith("()") else target
        return {"ok": plain(getattr(target, last)(*request.get("args", []), **request.get("kwargs", {})))}
    except BaseException as error:  # the SDK raises KeyboardInterrupt for a canceled call
        classes = [cls.__name__ for cls in type(error).__mro__]
        return {"error": {"classes": classes, "message": " ".join(str(part) for part in error.args)}}


def main():
    options = json.loads(sys.argv[1])
    client = Client(url=options["url"], token=options.get("token"), transport=options["transport"])
    for line in sys.stdin:
        print(json.dumps(answer(client, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
