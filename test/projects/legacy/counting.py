from tilebox.workflows import ExecutionContext, Runner, Task


class Count(Task):
    upto: int

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "counting/Count", "v0.3"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Counted", upto=self.upto)
        if self.upto > 0:
            context.submit_subtask(Count(self.upto - 1))


runner = Runner(tasks=[Count])
