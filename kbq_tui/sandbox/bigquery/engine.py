"""The DuckDB behind the tables: one in-memory database per world, which reads no files and fetches nothing."""

from dataclasses import dataclass, field
from typing import Any

import duckdb

from kbq_tui.sandbox.bigquery import fields
from kbq_tui.sandbox.bigquery.fields import Field, Row
from kbq_tui.sandbox.context import Context
from kbq_tui.sandbox.world import Dataset, Table

JSON = dict[str, Any]


@dataclass
class Result:
    """What DuckDB gave."""

    schema: list[Field] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


class Engine:
    """Rows of all tables of a world, and its jobs.

    A table is kept under a number of its own, for DuckDB's names are not case-sensitive and BigQuery's are. Callers
    hold the world's lock.
    """

    def __init__(self) -> None:
        # "lock_configuration" comes last: after it nothing, not even SQL, can switch any of this back on
        self._db = duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "enable_external_access": "false",
                "threads": "2",
            },
        )
        self._db.execute("SET TimeZone='UTC'")
        self._db.execute("SET lock_configuration=true")
        self._names: dict[str, str] = {}
        self._serial = 0
        self.jobs: dict[tuple[str, str], Any] = {}

    def name(self, table: Table) -> str:
        """The DuckDB name of a table's rows."""
        if table.ref not in self._names:
            self._serial += 1
            self._names[table.ref] = f"t{self._serial}"
        return self._names[table.ref]

    def create(self, table: Table) -> None:
        """An empty table for the rows of `table`, by its schema."""
        self.drop(table)
        columns = ", ".join(
            f"{fields.quote(f['name'])} {fields.duck_type(f)}" + (" NOT NULL" if f.get("mode") == "REQUIRED" else "")
            for f in table.schema
        )
        # DuckDB knows no table without columns, BigQuery does
        self.execute(f"CREATE TABLE {self.name(table)} ({columns or '_none BOOLEAN'})")

    def drop(self, table: Table) -> None:
        """Forget the rows of a table."""
        physical = self._names.pop(table.ref, None)
        if physical:
            self.execute(f"DROP TABLE IF EXISTS {physical}")

    def drop_dataset(self, dataset: Dataset) -> None:
        """Forget the rows of every table of a dataset."""
        for table in dataset.tables.values():
            self.drop(table)

    def add_column(self, table: Table, column: Field) -> None:
        """A further, empty column."""
        declared = f"{fields.quote(column['name'])} {fields.duck_type(column)}"
        self.execute(f"ALTER TABLE {self.name(table)} ADD COLUMN {declared}")

    def execute(self, sql: str, parameters: list[Any] | None = None) -> Result:
        """Run a statement.

        Raises:
            duckdb.Error: DuckDB does not take it.
        """
        cursor = self._db.execute(sql, parameters) if parameters else self._db.execute(sql)
        columns = [fields.from_duck(d[0], d[1]) for d in cursor.description or []]
        return Result(columns, cursor.fetchall())

    def describe(self, sql: str) -> list[Field]:
        """The columns a query would give, without running it."""
        cursor = self._db.execute(f"SELECT * FROM ({sql}) LIMIT 0")  # noqa: S608
        types = [d[1] for d in cursor.description or []]
        # a subquery renames the second of two columns of one name, DESCRIBE does not
        names = [str(row[0]) for row in self._db.execute(f"DESCRIBE {sql}").fetchall()]
        return [fields.from_duck(name, kind) for name, kind in zip(names, types, strict=True)]

    def count(self, table: Table) -> int:
        """Number of rows."""
        return int(self.execute(f"SELECT count(*) FROM {self.name(table)}").rows[0][0])  # noqa: S608

    def size(self, table: Table, columns: set[str] | None = None) -> int:
        """Logical bytes of a table, or of some columns of it (lower-case names)."""
        chosen = [f for f in table.schema if columns is None or f["name"].lower() in columns]
        if not chosen:
            return 0
        total = " + ".join(f"sum({fields.size_sql(f)})" for f in chosen)
        return int(self.execute(f"SELECT coalesce({total}, 0) FROM {self.name(table)}").rows[0][0])  # noqa: S608

    def page(self, table: Table, start: int, count: int) -> list[Row]:
        """Rows in the order they were inserted."""
        if not table.schema:
            return []
        sql = f"SELECT * FROM {self.name(table)} ORDER BY rowid LIMIT {int(count)} OFFSET {int(start)}"  # noqa: S608
        return self.execute(sql).rows

    def close(self) -> None:
        """Let go of the memory."""
        self._db.close()


def engine_of(ctx: Context) -> Engine:
    """The engine of a sandbox, made when first asked for."""
    if ctx.engine is None:
        ctx.engine = Engine()
        ctx.world.on_close.append(ctx.engine.close)
    engine: Engine = ctx.engine
    return engine
