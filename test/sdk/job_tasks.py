"""Tasks for the tests of jobs. What they do is in their fields; what ran is in `order`."""

import time

from tilebox.workflows import ExecutionContext, Task

order: list[str] = []


class Sum(Task):
    n: int

    def execute(self, context: ExecutionContext) -> None:
        order.append(f"Sum{self.n}")
        earlier = [int(context.job_cache[str(self.n - k)].decode()) for k in (1, 2)]
        context.job_cache[str(self.n)] = str(sum(earlier)).encode()


class Fib(Task):
    n: int

    def execute(self, context: ExecutionContext) -> None:
        order.append(str(self.n))
        if str(self.n) in context.job_cache:
            return
        if self.n <= 2:
            context.job_cache[str(self.n)] = b"1"
            return
        subtasks = context.submit_subtasks([Fib(self.n - 2), Fib(self.n - 1)])
        context.submit_subtask(Sum(self.n), depends_on=subtasks)


class Leaf(Task):
    name: str

    def execute(self, context: ExecutionContext) -> None:
        order.append(self.name)
        context.current_task.display = f"Leaf {self.name}"


class Failing(Task):
    def execute(self, context: ExecutionContext) -> None:
        order.append("Failing")
        raise ValueError("it always fails")


class Flaky(Task):
    """Fails so many times in all, counted over retries of the job too."""

    times: int

    def execute(self, context: ExecutionContext) -> None:
        order.append(f"Flaky {context.current_task.retry_count}")
        if order.count("Flaky 0") + order.count("Flaky 1") + order.count("Flaky 2") <= self.times:
            raise ValueError("not yet")


class Tree(Task):
    """Submits what a shape says: a list of [name, kind, names it depends on]."""

    shape: list[tuple[str, str, list[str]]]

    def execute(self, context: ExecutionContext) -> None:
        order.append("Tree")
        futures = {}
        for name, kind, depends_on in self.shape:
            task = Failing() if kind.endswith("failing") else Leaf(name)
            futures[name] = context.submit_subtask(
                task, depends_on=[futures[other] for other in depends_on], optional=kind.startswith("optional")
            )


class OptionalBranch(Task):
    """A branch that is optional as a whole, with a failing task in it, and a task after the branch."""

    def execute(self, context: ExecutionContext) -> None:
        order.append("OptionalBranch")
        branch = context.submit_subtask(FailingBranch(), optional=True)
        context.submit_subtask(Leaf("after"), depends_on=branch)


class FailingBranch(Task):
    def execute(self, context: ExecutionContext) -> None:
        order.append("FailingBranch")
        failing = context.submit_subtask(Failing())
        context.submit_subtask(Leaf("never"), depends_on=failing)


class Progressing(Task):
    def execute(self, context: ExecutionContext) -> None:
        context.progress("tiles").add(5)
        context.progress("tiles").done(2)
        context.progress().add(1)
        context.submit_subtasks([Half(), Half()])


class Half(Task):
    def execute(self, context: ExecutionContext) -> None:
        context.progress("tiles").add(1)
        context.progress("tiles").done(1)


class Telling(Task):
    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("it begins", tile="32UPU", count=3)
        with context.tracer.span("inner"):
            context.logger.warning("it is odd")
        raise RuntimeError("it ends badly")


class Chain(Task):
    """So many sub-tasks that each depend on the one before: as many groups."""

    length: int

    def execute(self, context: ExecutionContext) -> None:
        order.append("Chain")
        last = None
        for index in range(self.length):
            last = context.submit_subtask(Leaf(str(index)), depends_on=last)


class TooMuch(Task):
    def execute(self, context: ExecutionContext) -> None:
        order.append("TooMuch")
        context.submit_subtask(Leaf("x" * 3000))


class Nowhere(Task):
    def execute(self, context: ExecutionContext) -> None:
        order.append("Nowhere")
        context.submit_subtask(Leaf("a"), cluster="no-such-cluster")


class Elsewhere(Task):
    cluster: str

    def execute(self, context: ExecutionContext) -> None:
        order.append("Elsewhere")
        context.submit_subtask(Leaf("there"), cluster=self.cluster)


class Sleeping(Task):
    seconds: float

    def execute(self, context: ExecutionContext) -> None:
        order.append("Sleeping")
        time.sleep(self.seconds)


class Versioned(Task):
    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tests.Versioned", "v1.3"

    def execute(self, context: ExecutionContext) -> None:
        order.append("v1.3")


class VersionedNewer(Task):
    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tests.Versioned", "v1.5"

    def execute(self, context: ExecutionContext) -> None:
        order.append("v1.5")


class VersionedOther(Task):
    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tests.Versioned", "v2.0"

    def execute(self, context: ExecutionContext) -> None:
        order.append("v2.0")


ordinary = [
    Sum, Fib, Leaf, Failing, Flaky, Tree, OptionalBranch, FailingBranch, Progressing, Half, Telling, Chain, TooMuch,
    Nowhere, Elsewhere, Sleeping,
]  # fmt: skip
by_name = {task.__name__: task for task in [*ordinary, Versioned, VersionedNewer, VersionedOther]}
