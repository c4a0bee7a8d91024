"""Tasks that do what a runner must survive. What they did stands in a file, one line an effect."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tilebox.workflows import ExecutionContext, Runner, Task

RELEASE = "first"


def note(effects: str, line: str) -> None:
    """Appends in one write, so that lines of several processes do not mix."""
    with Path(effects).open("a") as file:
        file.write(line + "\n")


class Nothing(Task):
    @staticmethod
    def identifier() -> tuple[str, str]:
        return "unruly/Nothing", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        pass


class Note(Task):
    """Writes its label, its process and its release, `seconds` after it began."""

    effects: str
    label: str
    seconds: float

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "unruly/Note", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        note(self.effects, f"begin {self.label} {os.getpid()} {RELEASE}")
        time.sleep(self.seconds)
        note(self.effects, f"end {self.label} {os.getpid()} {RELEASE}")


class Tree(Task):
    """`width` notes and one more that waits for them."""

    effects: str
    width: int
    seconds: float

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "unruly/Tree", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        notes = [Note(self.effects, f"leaf{index}", self.seconds) for index in range(self.width)]
        leaves = context.submit_subtasks(notes, max_retries=2)
        context.submit_subtask(Note(self.effects, "last", 0), depends_on=leaves)


class Wobbly(Task):
    """Fails at its first run when its number can be divided by three."""

    effects: str
    number: int

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "unruly/Wobbly", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        label = f"wobbly{self.number}"
        begun = Path(self.effects).exists() and f"begin {label} " in Path(self.effects).read_text()
        note(self.effects, f"begin {label} {os.getpid()} {RELEASE}")
        time.sleep(0.02)
        if self.number % 3 == 0 and not begun:
            note(self.effects, f"raise {label} {os.getpid()} {RELEASE}")
            raise RuntimeError("the first run fails")
        note(self.effects, f"end {label} {os.getpid()} {RELEASE}")


class Forest(Task):
    """`branches` times ten tasks: a branch, eight that wobble, and one that waits for them."""

    effects: str
    branches: int

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "unruly/Forest", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.submit_subtasks([Branch(self.effects, number) for number in range(self.branches)])


class Branch(Task):
    effects: str
    number: int

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "unruly/Branch", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        wobbly = [Wobbly(self.effects, self.number * 8 + leaf) for leaf in range(8)]
        leaves = context.submit_subtasks(wobbly, max_retries=1)
        context.submit_subtask(Note(self.effects, f"branch{self.number}", 0), depends_on=leaves)


class Ghost(Task):
    """No runner has it."""

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "unruly/Ghost", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        pass


class Summon(Task):
    @staticmethod
    def identifier() -> tuple[str, str]:
        return "unruly/Summon", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.submit_subtask(Ghost())


class Misbehave(Task):
    """Does what its name says, after it has written that it begins."""

    effects: str
    how: str

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "unruly/Misbehave", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        note(self.effects, f"begin {self.how} {os.getpid()} {RELEASE}")
        getattr(self, self.how)()
        note(self.effects, f"end {self.how} {os.getpid()} {RELEASE}")

    def raise_error(self) -> None:
        raise ValueError("on purpose")

    def exit_process(self) -> None:
        print("last words of the worker", file=sys.stderr, flush=True)
        os._exit(7)

    def crash(self) -> None:
        ctypes.string_at(0)

    def sys_exit(self) -> None:
        sys.exit("usage")

    def terminate(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(30)

    def fork(self) -> None:
        subprocess.Popen(["sleep", "300"], start_new_session=True)
        if os.fork() == 0:
            time.sleep(300)
            os._exit(0)

    def close_pipes(self) -> None:
        for descriptor in (0, 1, 2):
            os.close(descriptor)

    def flood(self) -> None:
        for _ in range(200):
            os.write(1, b"x" * 99_999 + b"\n")

    def hold_interpreter(self) -> None:
        # sleep() of the C library, called without letting go of the interpreter lock.
        ctypes.PyDLL(None).sleep(300)


runner = Runner(tasks=[Nothing, Note, Tree, Wobbly, Forest, Branch, Summon, Misbehave])
