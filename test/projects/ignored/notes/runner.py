from tilebox.workflows import ExecutionContext, Runner, Task


class Note(Task):
    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Noted")


runner = Runner(tasks=[Note])
