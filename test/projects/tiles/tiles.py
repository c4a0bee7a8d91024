"""A mosaic of tiles: one root task, one task a tile, one that joins them, and some that misbehave on purpose."""

import json
from pathlib import Path

from tilebox.workflows import ExecutionContext, Runner, Task

PALETTE = json.loads(Path(__file__).with_name("palette.json").read_text())


class Mosaic(Task):
    """The root: `columns` times `rows` tiles, an optional preview, and the mosaic over all of them."""

    columns: int
    rows: int

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tiles/Mosaic", "v1.2"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Cutting the area", columns=self.columns, rows=self.rows)
        tiles = [Tile(column, row) for column in range(self.columns) for row in range(self.rows)]
        context.progress("tiles").add(len(tiles))
        done = context.submit_subtasks(tiles, max_retries=1)
        context.submit_subtask(Preview(self.columns * self.rows), optional=True)
        context.submit_subtask(Join(len(tiles)), depends_on=done)


class Tile(Task):
    column: int
    row: int

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tiles/Tile", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        kind = sorted(PALETTE)[(self.column + self.row) % len(PALETTE)]
        context.current_task.display = f"Tile({self.column},{self.row}) {kind}"
        context.progress("tiles").done(1)
        context.logger.info("Coloured a tile", column=self.column, row=self.row, colour=PALETTE[kind])


class Join(Task):
    count: int

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tiles/Join", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Joined the tiles", count=self.count)


class Preview(Task):
    """Optional: it fails for more than 16 tiles, and the mosaic is made all the same."""

    count: int

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tiles/Preview", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        if self.count > 16:
            raise ValueError(f"a preview holds 16 tiles, not {self.count}")
        context.logger.info("Drew the preview", count=self.count)


class Flaky(Task):
    """Fails until it has been tried `failures` times; the tries are counted in the file `counter`."""

    counter: str
    failures: int

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tiles/Flaky", "v1.0"

    def execute(self, context: ExecutionContext) -> None:
        with Path(self.counter).open("a") as counter:
            counter.write("x")
        tries = Path(self.counter).stat().st_size
        if tries <= self.failures:
            raise RuntimeError(f"try {tries} of {self.failures} that fail")
        context.logger.info("Succeeded", tries=tries)


runner = Runner(tasks=[Mosaic, Tile, Join, Preview, Flaky])
