"""The DuckDB behind the tables: one in-memory database per world, which reads no files and fetches nothing."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import duckdb

from kbq_tui.sandbox.bigquery import fields
from kbq_tui.sandbox.bigquery.fields import Field, Row
from kbq_tui.sandbox.context import SandboxContext
from kbq_tui.sandbox.lock import Lock
from kbq_tui.sandbox.resources import Dataset, Table

JSON = dict[str, Any]
T = TypeVar("T")
MEMORY = "1GB"  # of all queries and tables together
MAX_ROWS = 200_000  # of a result; more are for a table
MAX_CELLS = 5_000_000


class TooLarge(Exception):
    """A result is larger than what one answers."""


@dataclass
class StatementLimits:
    """What may end a statement early.

    Args:
        lock: let go while the statement runs.
        stops: any of these events ends it.
        deadline: monotonic time at which it ends.
    """

    lock: Lock
    stops: tuple[threading.Event, ...]
    deadline: float

    def over(self) -> bool:
        """Whether it is to end now."""
        return time.monotonic() >= self.deadline or any(event.is_set() for event in self.stops)


@dataclass
class Result:
    """What DuckDB gave."""

    schema: list[Field] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


def _declared(field: Field, default: str) -> str:
    """A column of CREATE TABLE."""
    name = fields.quote(field["name"])
    length = field.get("maxLength")
    measured = f"octet_length({name})" if field["type"] == "BYTES" else f"length({name})"
    return (
        f"{name} {fields.column_type(field)}"
        + (f" DEFAULT {default}" if default else " DEFAULT []" if field.get("mode") == "REPEATED" else "")
        + (" NOT NULL" if field.get("mode") == "REQUIRED" else "")
        + (f" CHECK ({measured} <= {int(length)})" if length and field.get("mode") != "REPEATED" else "")
    )


def _shown(columns: list[Field]) -> str:
    """A SELECT list: everything, and intervals as text, for Python's have no months."""
    intervals = [f["type"] == "INTERVAL" and f.get("mode") != "REPEATED" for f in columns]
    if not any(intervals):
        return "*"
    return ", ".join(f"CAST(#{i} AS VARCHAR)" if text else f"#{i}" for i, text in enumerate(intervals, start=1))


def _where(conditions: tuple[str | None, ...]) -> str:
    given = " AND ".join(f"({c})" for c in conditions if c)
    return f" WHERE {given}" if given else ""


def _tables(dataset: Dataset) -> list[Table]:
    """The tables of a dataset, with those that were deleted and can be copied back."""
    return [*dataset.tables.values(), *(table for _, table in dataset.deleted)]


class Engine:
    """Rows of all tables of a world, and its jobs.

    A table is kept under a number of its own, for DuckDB's names are not case-sensitive and BigQuery's are. Callers
    hold the world's lock; what a caller wrote (`run`, `describe`, `store`) runs without it, on a connection of its own.
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
                "memory_limit": MEMORY,
                "temp_directory": "",
            },
        )
        self._db.execute("SET GLOBAL TimeZone='UTC'")
        self._db.execute("SET lock_configuration=true")
        self._names: dict[str, str] = {}
        self._serial = 0
        self._extents: dict[str, tuple[int, int]] = {}  # by the query of a table's rows
        self.jobs: dict[tuple[str, str], Any] = {}
        self.sessions: dict[str, tuple[str, str]] = {}  # id -> project and user
        self.uploads: dict[str, tuple[JSON, bytearray]] = {}  # files that are being sent, and the jobs they are for
        self.unfilled: dict[str, Callable[[], None]] = {}  # tables whose rows are stored when they are first read

    def name(self, table: Table) -> str:
        """The DuckDB name of a table's rows."""
        store = self.unfilled.pop(table.ref, None)
        if store is not None:
            store()
        if table.ref not in self._names:
            self._serial += 1
            self._names[table.ref] = f"t{self._serial}"
            if table.rows_sql:
                self._fill(table)
        return self._names[table.ref]

    def _fill(self, table: Table) -> None:
        """Makes the rows of a table that come from a query of our own."""
        columns = ", ".join(_declared(f, "") for f in table.schema)
        self.execute(f"CREATE TABLE {self._names[table.ref]} ({columns})")
        self.execute(f"INSERT INTO {self._names[table.ref]} {table.rows_sql}")

    def create(self, table: Table, defaults: Mapping[str, str]) -> None:
        """An empty table for the rows of `table`, by its schema.

        Args:
            table: what it is for.
            defaults: DuckDB's expression for the default value of a column, by name.
        """
        self.drop(table)
        columns = ", ".join(_declared(f, defaults.get(f["name"], "")) for f in table.schema)
        # DuckDB knows no table without columns, BigQuery does
        self.execute(f"CREATE TABLE {self.name(table)} ({columns or '_none BOOLEAN'})")

    def drop(self, table: Table) -> None:
        """Forget the rows of a table."""
        self.unfilled.pop(table.ref, None)
        physical = self._names.pop(table.ref, None)
        if physical:
            self.execute(f"DROP TABLE IF EXISTS {physical}")

    def rename(self, table: Table, table_id: str) -> None:
        """Give a table another id; it keeps its rows."""
        physical = self.name(table)
        del self._names[table.ref]
        table.table_id = table_id
        self._names[table.ref] = physical

    def drop_dataset(self, dataset: Dataset) -> None:
        """Forget the rows of every table of a dataset."""
        for table in _tables(dataset):
            self.drop(table)

    def held_rows(self, dataset: Dataset) -> int:
        """Rows of a dataset's tables that are stored here."""
        return sum(self.count(table) for table in _tables(dataset) if table.ref in self._names)

    def detach(self, dataset: Dataset) -> dict[str, str]:
        """Take the rows of a dataset's tables aside, so that others may have the names; `attach` undoes it."""
        for table in _tables(dataset):
            if table.ref in self.unfilled:
                self.name(table)
        return {t.ref: self._names.pop(t.ref) for t in _tables(dataset) if t.ref in self._names}

    def attach(self, names: dict[str, str]) -> None:
        """Bring back what `detach` took aside."""
        self._names |= names

    def drop_detached(self, names: dict[str, str]) -> None:
        """Forget what `detach` took aside."""
        for physical in names.values():
            self.execute(f"DROP TABLE IF EXISTS {physical}")

    def add_column(self, table: Table, column: Field) -> None:
        """A further, empty column."""
        declared = f"{fields.quote(column['name'])} {fields.column_type(column)}"
        empty = " DEFAULT []" if column.get("mode") == "REPEATED" else ""
        self.execute(f"ALTER TABLE {self.name(table)} ADD COLUMN {declared}{empty}")

    def drop_column(self, table: Table, column: Field) -> None:
        """A column less."""
        self.execute(f"ALTER TABLE {self.name(table)} DROP COLUMN {fields.quote(column['name'])}")

    def change_type(self, table: Table, column: Field) -> None:
        """Another type for a column: wider, or with more members."""
        self.execute(
            f"ALTER TABLE {self.name(table)} ALTER {fields.quote(column['name'])} TYPE {fields.column_type(column)}"
        )

    def relax(self, table: Table, column: Field) -> None:
        """A column may be NULL from now on."""
        self.execute(f"ALTER TABLE {self.name(table)} ALTER {fields.quote(column['name'])} DROP NOT NULL")

    def set_default(self, table: Table, column: Field, expression: str) -> None:
        """Another default value, of DuckDB's SQL."""
        self.execute(f"ALTER TABLE {self.name(table)} ALTER {fields.quote(column['name'])} SET DEFAULT {expression}")

    def execute(self, sql: str, parameters: list[Any] | None = None) -> Result:
        """Run a statement of our own, which is quick.

        Raises:
            duckdb.Error: DuckDB does not take it.
        """
        cursor = self._db.execute(sql, parameters) if parameters else self._db.execute(sql)
        columns = [fields.from_duck(d[0], d[1]) for d in cursor.description or []]
        return Result(columns, cursor.fetchall())

    def run(self, sql: str, watch: StatementLimits, *, columns: list[Field] | None = None) -> Result:
        """Run a statement that a caller wrote.

        Args:
            sql: DuckDB's.
            watch: what may end it early.
            columns: those of a query, as `describe` gave them: its result is cut at `MAX_ROWS`. None for others.

        Raises:
            duckdb.Error: DuckDB does not take it, it was ended (InterruptException), or memory ran out.
            TooLarge: the result is too large.
        """
        query = columns is not None
        shown = _shown(columns or [])

        def work(db: duckdb.DuckDBPyConnection) -> Result:
            cursor = db.execute(f"SELECT {shown} FROM ({sql}) LIMIT {MAX_ROWS + 1}" if query else sql)  # noqa: S608
            columns = [fields.from_duck(d[0], d[1]) for d in cursor.description or []]
            rows: list[Row] = []
            while part := cursor.fetchmany(5_000):
                rows += part
                if len(rows) > MAX_ROWS or len(rows) * len(columns) > MAX_CELLS:
                    raise TooLarge
                if watch.over():
                    raise duckdb.InterruptException
            return Result(columns, rows)

        return self._aside(watch, work)

    def describe(self, sql: str, watch: StatementLimits) -> list[Field]:
        """The columns a query would give, without running it.

        Raises:
            duckdb.Error: as `run`; constants are computed here already.
        """

        def work(db: duckdb.DuckDBPyConnection) -> list[Field]:
            cursor = db.execute(f"SELECT * FROM ({sql}) LIMIT 0")  # noqa: S608
            types = [d[1] for d in cursor.description or []]
            # a subquery renames the second of two columns of one name, DESCRIBE does not
            names = [str(row[0]) for row in db.execute(f"DESCRIBE {sql}").fetchall()]
            return [fields.from_duck(name, kind) for name, kind in zip(names, types, strict=True)]

        return self._aside(watch, work)

    def bind(self, sql: str, watch: StatementLimits) -> None:
        """Have DuckDB look at a statement as if it were to be run.

        Raises:
            duckdb.Error: as `run`.
        """
        self._aside(watch, lambda db: db.execute(f"EXPLAIN {sql}").fetchall())

    @contextmanager
    def stored(self, sql: str, watch: StatementLimits) -> Iterator[str]:
        """A query's rows in a table of their own, which is gone afterwards; gives its name.

        Raises:
            duckdb.Error: as `run`.
        """
        self._serial += 1
        name = f"q{self._serial}"
        try:
            self._aside(watch, lambda db: db.execute(f"CREATE TABLE {name} AS {sql}"))
            yield name
        finally:
            self.execute(f"DROP TABLE IF EXISTS {name}")

    def _aside(self, watch: StatementLimits, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Do something on a connection of its own and without the lock, until it is done or to be ended."""
        db = self._db.cursor()
        done = threading.Event()

        def guard() -> None:
            while not done.wait(0.02):
                if watch.over():
                    db.interrupt()  # again and again: one that comes before the statement begins is lost

        guarding = threading.Thread(target=guard, name="sandbox-query", daemon=True)
        with watch.lock.released():
            guarding.start()
            try:
                if watch.over():
                    raise duckdb.InterruptException
                return work(db)
            finally:
                done.set()
                guarding.join()
                db.close()

    def count(self, table: Table, *conditions: str | None) -> int:
        """Number of rows, of those that meet conditions of our own."""
        return int(self.execute(f"SELECT count(*) FROM {self.name(table)}{_where(conditions)}").rows[0][0])  # noqa: S608

    def size(self, table: Table, uses: Callable[[str], bool] = bool, *conditions: str | None) -> int:
        """Logical bytes of a table, or of some columns and rows of it.

        Args:
            table: which.
            uses: whether a column counts, by name; all do by default.
            conditions: of our own; rows that do not meet them do not count.
        """
        chosen = [f for f in table.schema if uses(f["name"])]
        if not chosen:
            return 0
        sums = ", ".join(f"sum({fields.size_sql(f)})" for f in chosen)  # in a list: an expression has its depth
        sql = f"SELECT coalesce(list_sum([{sums}]), 0) FROM {self.name(table)}{_where(conditions)}"  # noqa: S608
        return int(self.execute(sql).rows[0][0])

    def extent(self, table: Table) -> tuple[int, int]:
        """Rows and bytes. Of tables with the same query of rows that was never used, one is asked for all of them."""
        fresh = bool(table.rows_sql) and table.ref not in self._names
        found = self._extents.get(table.rows_sql) if fresh else None
        if found is None:
            found = self.count(table), self.size(table)
            if fresh:
                self._extents[table.rows_sql] = found
        return found

    def page(self, table: Table, start: int, count: int) -> list[Row]:
        """Rows in the order they were inserted."""
        if not table.schema:
            return []
        shown = _shown(table.schema)
        sql = f"SELECT {shown} FROM {self.name(table)} ORDER BY rowid LIMIT {int(count)} OFFSET {int(start)}"  # noqa: S608
        return self.execute(sql).rows

    def close(self) -> None:
        """Let go of the memory."""
        self._db.close()


def engine_of(ctx: SandboxContext) -> Engine:
    """The engine of a sandbox, made when first asked for."""
    if ctx.engine is None:
        ctx.engine = Engine()
        ctx.world.on_close.append(ctx.engine.close)
    engine: Engine = ctx.engine
    return engine
