"""What an open transaction keeps: the rows of each table before the first change of it."""

import uuid

from kbq_tui.sandbox.bigquery.engine import Engine
from kbq_tui.sandbox.resources import Table
from kbq_tui.sandbox.world import World


class Transaction:
    """Copies of the tables that statements have written into, for a rollback."""

    def __init__(self) -> None:
        self.id = uuid.uuid4().hex
        self._copies: dict[str, tuple[Table, str]] = {}

    def before_write(self, engine: Engine, table: Table) -> None:
        """Keep a copy of a table's rows before its first change."""
        if table.ref not in self._copies:
            name = f"x{self.id}_{len(self._copies)}"
            engine.execute(f"CREATE TABLE {name} AS SELECT * FROM {engine.name(table)}")  # noqa: S608
            self._copies[table.ref] = (table, name)

    def close(self, engine: Engine, world: World, *, undo: bool) -> None:
        """Delete the copies; with `undo`, restore the rows from them first."""
        for table, name in self._copies.values():
            if undo:
                engine.execute(f"DELETE FROM {engine.name(table)}")  # noqa: S608
                engine.execute(f"INSERT INTO {engine.name(table)} SELECT * FROM {name}")  # noqa: S608
                world.touch(table)
            engine.execute(f"DROP TABLE {name}")
        self._copies.clear()
