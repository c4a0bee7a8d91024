from tilebox.workflows import ExecutionContext, Runner, Task
from tilebox.workflows.runner.worker_server import serve_runner


class Echo(Task):
    text: str

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info(self.text)


if __name__ == "__main__":
    serve_runner(Runner(tasks=[Echo]))
