import json
from pathlib import Path

from tilebox.workflows import ExecutionContext, Task

WORDS = json.loads((Path(__file__).parent / "templates" / "words.json").read_text())


class Greet(Task):
    name: str
    language: str

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "greetings/Greet", "v2.1"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info(f"{WORDS[self.language]}, {self.name}!")


class GreetAll(Task):
    names: list[str]

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "greetings/GreetAll", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.submit_subtasks([Greet(name, language) for name in self.names for language in WORDS])
