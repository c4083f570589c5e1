"""The DuckDB that holds the tables: one in-memory database per world, with access to no file and no network."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import duckdb

from kbq_tui.sandbox.bigquery import duck, fields
from kbq_tui.sandbox.bigquery.fields import Field, Row
from kbq_tui.sandbox.context import SandboxContext
from kbq_tui.sandbox.lock import Lock
from kbq_tui.sandbox.resources import Dataset, Table

JSON = dict[str, Any]
T = TypeVar("T")
MEMORY = "1GB"  # for all queries and tables together
MAX_ROWS = 200_000  # in a result that is answered; a destination table may get more
MAX_CELLS = 5_000_000
_RENAMED = re.compile(r"_\d+$")
"""What the name of a column ends in that DuckDB may have renamed."""


class TooLarge(Exception):
    """A result is larger than one answer may be."""


@dataclass
class StatementLimits:
    """What may end a statement early.

    Args:
        lock: the world's lock, which is released while the statement runs.
        stops: events, any of which ends the statement.
        deadline: monotonic time in seconds at which it is ended.
    """

    lock: Lock
    stops: tuple[threading.Event, ...]
    deadline: float

    def over(self) -> bool:
        """Whether the statement has to end now."""
        return time.monotonic() >= self.deadline or any(event.is_set() for event in self.stops)


@dataclass
class Result:
    """The result of a statement in DuckDB."""

    schema: list[Field] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


def _declared(field: Field, default: str) -> str:
    """A column definition of CREATE TABLE."""
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
    """A SELECT list of all columns, with intervals as text, because Python's timedelta has no months."""
    intervals = [f["type"] == "INTERVAL" and f.get("mode") != "REPEATED" for f in columns]
    if not any(intervals):
        return "*"
    return ", ".join(f"CAST(#{i} AS VARCHAR)" if text else f"#{i}" for i, text in enumerate(intervals, start=1))


def _where(conditions: tuple[str | None, ...]) -> str:
    given = " AND ".join(f"({c})" for c in conditions if c)
    return f" WHERE {given}" if given else ""


def _tables(dataset: Dataset) -> list[Table]:
    """The tables of a dataset, and the deleted ones that can still be copied back."""
    return [*dataset.tables.values(), *(table for _, table in dataset.deleted)]


class Engine:
    """The rows of all tables of a world, and its jobs.

    Every table is stored under a number, because DuckDB's names are not case-sensitive and BigQuery's are. Callers hold
    the world's lock; SQL that a caller wrote (`run`, `describe`, `store`) runs without it, on a separate connection.
    """

    def __init__(self) -> None:
        # "lock_configuration" comes last: after it, no SQL can change these settings
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
        for name, text in duck.MACROS.items():
            self._db.execute(f"CREATE MACRO {name} AS {text}")
        self._names: dict[str, str] = {}
        self._serial = 0
        self._extents: dict[str, tuple[int, int]] = {}  # by the query that makes a table's rows
        self.jobs: dict[tuple[str, str], Any] = {}
        self.sessions: dict[str, tuple[str, str]] = {}  # id -> project and user
        self.reads: dict[str, Any] = {}  # sessions of the Storage Read API, by name
        self.uploads: dict[str, tuple[JSON, bytearray]] = {}  # uploads that are under way, and the jobs they are for
        self.unfilled: dict[str, Callable[[], None]] = {}  # tables whose rows are stored when they are first read

    def name(self, table: Table) -> str:
        """The name of a table's rows in DuckDB."""
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
        """Store the rows of a table whose rows come from one of our own queries."""
        columns = ", ".join(_declared(f, "") for f in table.schema)
        self.execute(f"CREATE TABLE {self._names[table.ref]} ({columns})")
        self.execute(f"INSERT INTO {self._names[table.ref]} {table.rows_sql}")

    def create(self, table: Table, defaults: Mapping[str, str]) -> None:
        """Create an empty DuckDB table with the schema of `table`.

        Args:
            table: the table.
            defaults: DuckDB's expression for the default value of a column, by name.
        """
        self.drop(table)
        columns = ", ".join(_declared(f, defaults.get(f["name"], "")) for f in table.schema)
        # DuckDB has no tables without columns, BigQuery does
        self.execute(f"CREATE TABLE {self.name(table)} ({columns or '_none BOOLEAN'})")

    def drop(self, table: Table) -> None:
        """Delete the rows of a table."""
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
        """Delete the rows of every table of a dataset."""
        for table in _tables(dataset):
            self.drop(table)

    def held_rows(self, dataset: Dataset) -> int:
        """The number of rows of a dataset's tables that are stored here."""
        return sum(self.count(table) for table in _tables(dataset) if table.ref in self._names)

    def detach(self, dataset: Dataset) -> dict[str, str]:
        """Detach the rows of a dataset's tables from their names, so that other tables can use these; `attach` undoes
        it."""
        for table in _tables(dataset):
            if table.ref in self.unfilled:
                self.name(table)
        return {t.ref: self._names.pop(t.ref) for t in _tables(dataset) if t.ref in self._names}

    def attach(self, names: dict[str, str]) -> None:
        """Undo `detach`."""
        self._names |= names

    def drop_detached(self, names: dict[str, str]) -> None:
        """Delete the rows that `detach` detached."""
        for physical in names.values():
            self.execute(f"DROP TABLE IF EXISTS {physical}")

    def add_column(self, table: Table, column: Field) -> None:
        """Add an empty column."""
        declared = f"{fields.quote(column['name'])} {fields.column_type(column)}"
        empty = " DEFAULT []" if column.get("mode") == "REPEATED" else ""
        self.execute(f"ALTER TABLE {self.name(table)} ADD COLUMN {declared}{empty}")

    def drop_column(self, table: Table, column: Field) -> None:
        """Remove a column."""
        self.execute(f"ALTER TABLE {self.name(table)} DROP COLUMN {fields.quote(column['name'])}")

    def change_type(self, table: Table, column: Field) -> None:
        """Change the type of a column to a wider one, or to a structure with more members."""
        self.execute(
            f"ALTER TABLE {self.name(table)} ALTER {fields.quote(column['name'])} TYPE {fields.column_type(column)}"
        )

    def relax(self, table: Table, column: Field) -> None:
        """Allow NULL in a column."""
        self.execute(f"ALTER TABLE {self.name(table)} ALTER {fields.quote(column['name'])} DROP NOT NULL")

    def set_default(self, table: Table, column: Field, expression: str) -> None:
        """Set the default value of a column, an expression in DuckDB's SQL."""
        self.execute(f"ALTER TABLE {self.name(table)} ALTER {fields.quote(column['name'])} SET DEFAULT {expression}")

    def execute(self, sql: str, parameters: list[Any] | None = None) -> Result:
        """Run a short statement of our own.

        Raises:
            duckdb.Error: DuckDB refuses it.
        """
        cursor = self._db.execute(sql, parameters) if parameters else self._db.execute(sql)
        columns = [fields.from_duck(d[0], d[1]) for d in cursor.description or []]
        return Result(columns, cursor.fetchall())

    def run(self, sql: str, watch: StatementLimits, *, columns: list[Field] | None = None) -> Result:
        """Run a statement that a caller wrote.

        Args:
            sql: in DuckDB's SQL.
            watch: what may end it early.
            columns: the columns of a query, as `describe` gave them: its result is cut at `MAX_ROWS`. None for other
                statements.

        Raises:
            duckdb.Error: DuckDB refuses it, it was ended early (InterruptException), or memory ran out.
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
        """The columns that a query would give, without running it.

        Raises:
            duckdb.Error: as `run`; constants are evaluated already.
        """

        def work(db: duckdb.DuckDBPyConnection) -> list[Field]:
            cursor = db.execute(f"SELECT * FROM ({sql}) LIMIT 0")  # noqa: S608
            names, types = [str(d[0]) for d in cursor.description or []], [d[1] for d in cursor.description or []]
            if any(map(_RENAMED.search, names)):
                # a subquery renames the second of two columns with one name, to `x_1`; DESCRIBE does not
                names = [str(row[0]) for row in db.execute(f"DESCRIBE {sql}").fetchall()]
            return [fields.from_duck(name, kind) for name, kind in zip(names, types, strict=True)]

        return self._aside(watch, work)

    def bind(self, sql: str, watch: StatementLimits, *, query: bool = False) -> None:
        """Have DuckDB bind a statement without running it.

        Args:
            sql: in DuckDB's SQL.
            watch: what may end it early.
            query: whether it is a query, which DuckDB then need not plan.

        Raises:
            duckdb.Error: as `run`.
        """
        verb = "DESCRIBE" if query else "EXPLAIN"
        self._aside(watch, lambda db: db.execute(f"{verb} {sql}").fetchall())

    @contextmanager
    def stored(self, sql: str, watch: StatementLimits) -> Iterator[str]:
        """Store a query's rows in a temporary DuckDB table while the context lasts, and yield its name.

        Raises:
            duckdb.Error: as `run`.
        """
        name = self.keep(sql, watch)
        try:
            yield name
        finally:
            self.forget(name)

    def keep(self, sql: str, watch: StatementLimits) -> str:
        """Store a query's rows in a DuckDB table until `forget`, and return its name.

        Raises:
            duckdb.Error: as `run`.
        """
        self._serial += 1
        name = f"q{self._serial}"
        self._aside(watch, lambda db: db.execute(f"CREATE TABLE {name} AS {sql}"))
        return name

    def forget(self, name: str) -> None:
        """Delete the rows that `keep` stored."""
        self.execute(f"DROP TABLE IF EXISTS {name}")

    def arrow(self, name: str, first: int, after: int) -> Any:
        """Rows that `keep` stored, by number, as an object with ``__arrow_c_stream__``."""
        return self._db.sql(f"SELECT * FROM {name} WHERE rowid >= {int(first)} AND rowid < {int(after)}")  # noqa: S608

    def _aside(self, watch: StatementLimits, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Do some work on a separate connection and without the lock, until it is done or has to end."""
        db = self._db.cursor()
        done = threading.Event()

        def guard() -> None:
            while not done.wait(0.02):
                if watch.over():
                    db.interrupt()  # repeated: an interrupt that comes before the statement begins has no effect

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
        """The number of rows, of those that meet all conditions (SQL of our own)."""
        return int(self.execute(f"SELECT count(*) FROM {self.name(table)}{_where(conditions)}").rows[0][0])  # noqa: S608

    def size(self, table: Table, uses: Callable[[str], bool] = bool, *conditions: str | None) -> int:
        """The logical bytes of a table, or of some of its columns and rows.

        Args:
            table: the table.
            uses: whether a column counts, by name; all do by default.
            conditions: SQL of our own; rows that do not meet all of them do not count.
        """
        chosen = [f for f in table.schema if uses(f["name"])]
        if not chosen:
            return 0
        # as a list: a long sum would be nested too deeply
        sums = ", ".join(f"sum({fields.size_sql(f)})" for f in chosen)
        sql = f"SELECT coalesce(list_sum([{sums}]), 0) FROM {self.name(table)}{_where(conditions)}"  # noqa: S608
        return int(self.execute(sql).rows[0][0])

    def extent(self, table: Table) -> tuple[int, int]:
        """The number of rows and bytes. Of unread tables with the same query of rows, only one is computed."""
        fresh = bool(table.rows_sql) and table.ref not in self._names
        found = self._extents.get(table.rows_sql) if fresh else None
        if found is None:
            found = self.count(table), self.size(table)
            if fresh:
                self._extents[table.rows_sql] = found
        return found

    def page(self, table: Table, start: int, count: int) -> list[Row]:
        """Rows in the order in which they were inserted."""
        if not table.schema:
            return []
        shown = _shown(table.schema)
        sql = f"SELECT {shown} FROM {self.name(table)} ORDER BY rowid LIMIT {int(count)} OFFSET {int(start)}"  # noqa: S608
        return self.execute(sql).rows

    def close(self) -> None:
        """Free the memory."""
        self._db.close()


def engine_of(ctx: SandboxContext) -> Engine:
    """The engine of a sandbox, created when it is first needed."""
    if ctx.engine is None:
        ctx.engine = Engine()
        ctx.world.on_close.append(ctx.engine.close)
    engine: Engine = ctx.engine
    return engine
