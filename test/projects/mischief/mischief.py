"""Tasks that do to their worker what user code may do. Each is named after what it does."""

import ctypes
import os
import signal
import subprocess
import sys
import time

from tilebox.workflows import ExecutionContext, Runner, Task


class Behave(Task):
    text: str

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info(self.text, size=len(self.text))


class Raise(Task):
    def execute(self, context: ExecutionContext) -> None:
        raise ValueError("raised on purpose")


class Sleep(Task):
    seconds: float

    def execute(self, context: ExecutionContext) -> None:
        time.sleep(self.seconds)


class ExitInterpreter(Task):
    """SystemExit leaves the handler: the call is never answered, the worker lives on."""

    def execute(self, context: ExecutionContext) -> None:
        sys.exit(4)


class ExitProcess(Task):
    code: int

    def execute(self, context: ExecutionContext) -> None:
        os._exit(self.code)


class Crash(Task):
    def execute(self, context: ExecutionContext) -> None:
        ctypes.string_at(0)


class KillItself(Task):
    def execute(self, context: ExecutionContext) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class ClosePipes(Task):
    def execute(self, context: ExecutionContext) -> None:
        os.close(1)
        os.close(2)


class Flood(Task):
    megabytes: int

    def execute(self, context: ExecutionContext) -> None:
        for _ in range(self.megabytes):
            os.write(1, b"o" * 1_000_000 + b"\n")
            os.write(2, b"e" * 1_000_000 + b"\n")
        for number in range(1_000):
            context.logger.info(f"record {number}")


class LeaveChildren(Task):
    """One child in the group, one in a session of its own, and one that also forked away from its parent."""

    def execute(self, context: ExecutionContext) -> None:
        sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
        subprocess.Popen(sleep)
        subprocess.Popen(sleep, start_new_session=True)
        if hasattr(os, "fork") and os.fork() == 0:
            os.setsid()
            subprocess.Popen(sleep)
            os._exit(0)


class Multiply(Task):
    """Submits `count` sub-tasks, more than a default gRPC message holds when each carries a long text."""

    count: int
    text_size: int

    def execute(self, context: ExecutionContext) -> None:
        context.submit_subtasks([Behave("x" * self.text_size) for _ in range(self.count)])


tasks = [
    Behave,
    Raise,
    Sleep,
    ExitInterpreter,
    ExitProcess,
    Crash,
    KillItself,
    ClosePipes,
    Flood,
    LeaveChildren,
    Multiply,
]
runner = Runner(tasks=tasks)
