"""Submits and runs jobs with the official SDK as a test tells it to, in the manner of sdk_driver.py.

Beside {"call": ...} it takes {"submit": [[TASK, {FIELD: VALUE}], ...], "kwargs": {...}}, {"run_all": [TASK, ...],
"kwargs": {...}}, which answers with what ran, and {"run_forever": ...}, which answers when it has begun and then
runs until it is stopped. A task is named by its class in job_tasks.py; no tasks at all are the ordinary ones.
"""

import json
import os
import sys
from uuid import UUID

import job_tasks
import sdk_driver
from tilebox.workflows import Client
from tilebox.workflows.cache import InMemoryCache
from tilebox.workflows.data import JobState, TaskState


def runner_of(client, names, kwargs):
    tasks = [job_tasks.by_name[name] for name in names] or job_tasks.ordinary
    return client.runner(tasks=tasks, cache=InMemoryCache(), **kwargs)


def submit(client, request):
    tasks = [job_tasks.by_name[name](**fields) for name, fields in request["submit"]]
    kwargs = {"job_name": "job", **request.get("kwargs", {})}
    return sdk_driver.plain(client.jobs().submit(root_task_or_tasks=tasks, **kwargs))


def arguments(values):
    """JSON has neither enums nor ids nor tuples: {"job_states": ["FAILED"]} names members, an extent is a pair."""
    readers = {
        "job_states": lambda names: [JobState[name] for name in names],
        "task_states": lambda names: [TaskState[name] for name in names],
        "automation_ids": lambda ids: [UUID(text) for text in ids],
        "temporal_extent": lambda extent: tuple(extent) if isinstance(extent, list) else extent,
    }
    return {name: readers.get(name, lambda value: value)(value) for name, value in values.items()}


class Driver:
    def __init__(self, client):
        self.client = client
        self.runners = {}

    def answer(self, request):
        kwargs = arguments(request.get("kwargs", {}))
        if "call" in request:
            return sdk_driver.answer(self.client, {**request, "kwargs": kwargs})
        try:
            return {"ok": self.do({**request, "kwargs": kwargs})}
        except BaseException as error:
            classes = [cls.__name__ for cls in type(error).__mro__]
            return {"error": {"classes": classes, "message": " ".join(str(part) for part in error.args)}}

    def do(self, request):
        if "submit" in request:
            return submit(self.client, request)
        # One runner for each kind, as a program would have: a new one starts another process of the SDK's.
        key = json.dumps([request["run_all"], request["kwargs"]])
        if key not in self.runners:
            self.runners[key] = runner_of(self.client, request["run_all"], request["kwargs"])
        job_tasks.order.clear()
        self.runners[key].run_all()
        return list(job_tasks.order)


def main():
    # The SDK's loggers print to stdout, which here belongs to the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    options = json.loads(sys.argv[1])
    client = Client(url=options["url"], token=options.get("token"), transport=options["transport"])
    driver = Driver(client)
    for line in sys.stdin:
        request = json.loads(line)
        if "run_forever" in request:
            runner = runner_of(client, request["run_forever"], request.get("kwargs", {}))
            print(json.dumps({"ok": True}), file=answers, flush=True)
            runner.run_forever()
        print(json.dumps(driver.answer(request), default=str), file=answers, flush=True)


if __name__ == "__main__":
    main()
