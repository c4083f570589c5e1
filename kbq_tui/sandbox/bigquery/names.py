"""Resolves the names in a statement: tables, datasets, INFORMATION_SCHEMA views, and their locations."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from kbq_tui.sandbox.bigquery import refusals
from kbq_tui.sandbox.bigquery.engine import Engine, StatementLimits, engine_of
from kbq_tui.sandbox.bigquery.function import Function
from kbq_tui.sandbox.bigquery.tokens import split_path
from kbq_tui.sandbox.context import SandboxContext
from kbq_tui.sandbox.errors import ApiError
from kbq_tui.sandbox.resources import Dataset, Principal, Project
from kbq_tui.sandbox.world import World

if TYPE_CHECKING:
    from kbq_tui.sandbox.bigquery.transaction import Transaction

JSON = dict[str, Any]


@dataclass
class QuerySession:
    """The session of one query.

    Args:
        ctx: the sandbox.
        principal: the caller.
        project: the project it runs in and is billed to.
        sql: the whole script, for positions in errors.
        location: where it runs; empty until it is known.
        explicit_location: whether the caller named the location.
        default_dataset: (project, dataset) for names of one part, or None.
        parameters: named query parameters as the API takes them, by lower-case name.
        positional: the positional parameters, in their order.
        dry_run: check the statements without running them.
        left: set when the caller has disconnected.
        deadline: monotonic time in seconds at which it is ended; 0 takes the sandbox's limit.
        timeout_ms: the caller's limit in milliseconds; None for the sandbox's.
        maximum_bytes_billed: a query that would be billed for more is refused; None for no limit.
        temporary: id of the hidden dataset of its temporary tables.
        transaction: the one that is open, or None.
        functions: temporary functions, by lower-case name.
        variables: type and value of the script's variables, by lower-case name; values as `values.plain` gives it.
    """

    ctx: SandboxContext
    principal: Principal
    project: Project
    sql: str = ""
    location: str = ""
    default_dataset: tuple[str, str] | None = None
    parameters: dict[str, JSON] = field(default_factory=dict)
    positional: list[JSON] = field(default_factory=list)
    dry_run: bool = False
    explicit_location: bool = False
    left: threading.Event = field(default_factory=threading.Event)
    deadline: float = 0.0
    timeout_ms: int | None = None
    maximum_bytes_billed: int | None = None
    temporary: str = ""
    transaction: "Transaction | None" = None
    functions: dict[str, Function] = field(default_factory=dict)
    variables: dict[str, tuple[JSON, Any]] = field(default_factory=dict)

    @property
    def world(self) -> World:
        """The sandbox's data."""
        return self.ctx.world

    @property
    def engine(self) -> Engine:
        """The SQL engine of the sandbox."""
        return engine_of(self.ctx)

    @property
    def watch(self) -> StatementLimits:
        """What may end its statements early."""
        if not self.deadline:
            limit = self.ctx.query_seconds
            if self.timeout_ms is not None:
                limit = min(limit, self.timeout_ms / 1000)
            self.deadline = time.monotonic() + limit
        return StatementLimits(self.world.lock, (self.left, self.ctx.stopping), self.deadline)

    def ended(self) -> ApiError:
        """Why a statement was ended early."""
        if self.left.is_set() or self.ctx.stopping.is_set():
            return refusals.cancelled("User requested cancellation")
        if self.timeout_ms is not None and self.timeout_ms / 1000 <= self.ctx.query_seconds:
            return refusals.cancelled(f"Job timed out after {self.timeout_ms / 1000:g}s")
        return refusals.timed_out(self.ctx.query_seconds)


@dataclass(frozen=True)
class ResolvedName:
    """A resolved path.

    Args:
        project: project id.
        dataset: dataset id; empty for project-level INFORMATION_SCHEMA.
        table: table id; the view's name for INFORMATION_SCHEMA.
        region: ``eu`` of ``region-eu``, if one was given.
        is_schema_view: whether it is an INFORMATION_SCHEMA view, or a dataset's ``__TABLES__``.
    """

    project: str
    dataset: str
    table: str
    region: str = ""
    is_schema_view: bool = False

    @property
    def ref(self) -> str:
        """The name in the form that errors use: ``P:D.T``, ``P:region-eu.INFORMATION_SCHEMA.V``."""
        inside = self.is_schema_view and not self.table.startswith("__")
        view = f"INFORMATION_SCHEMA.{self.table}" if inside else self.table
        middle = f"region-{self.region}" if self.region else self.dataset
        return f"{self.project}:{middle}.{view}" if middle else f"{self.project}:{view}"


def table_parts(node: exp.Table) -> tuple[str, ...]:
    """The parts of a table's path, whichever way it was quoted."""
    parts: list[str] = []
    for part in node.parts:
        if isinstance(part, exp.Identifier):
            parts.extend(split_path(part.name))
    return tuple(parts)


def table_name(session: QuerySession, parts: tuple[str, ...], default_project: str = "") -> ResolvedName:
    """Resolve a table's path.

    Raises:
        ApiError: it has no dataset, or too many parts.
    """
    project = default_project or session.project.id
    upper = [p.upper() for p in parts]
    if "INFORMATION_SCHEMA" in upper[:-1] or upper[:1] == ["INFORMATION_SCHEMA"]:
        return _schema_view(session, parts, upper.index("INFORMATION_SCHEMA"), project)
    temporary = session.project.hidden.get(session.temporary)
    if temporary is not None and (len(parts) == 1 or upper[:-1] == ["_SESSION"]):
        table = next((t for t in temporary.tables if t.lower() == parts[-1].lower()), "")
        if table:
            return ResolvedName(session.project.id, session.temporary, table)
    if len(parts) == 1:
        if session.default_dataset is None:
            raise refusals.invalid_query(f'Table "{parts[0]}" must be qualified with a dataset (e.g. dataset.table).')
        return ResolvedName(*session.default_dataset, parts[0])
    is_meta = upper[-1] == "__TABLES__"
    if len(parts) == 2:
        return ResolvedName(project, parts[0], "__TABLES__" if is_meta else parts[1], is_schema_view=is_meta)
    if len(parts) == 3:
        return ResolvedName(parts[0], parts[1], "__TABLES__" if is_meta else parts[2], is_schema_view=is_meta)
    raise refusals.invalid_query(f"Invalid table name: `{'.'.join(parts)}`")


def _schema_view(session: QuerySession, parts: tuple[str, ...], at: int, project: str) -> ResolvedName:
    before = list(parts[:at])
    view = ".".join(parts[at + 1 :]).upper()
    region = dataset = ""
    if before and before[-1].lower().startswith("region-"):
        region = before.pop()[len("region-") :].lower()
        if before:
            project = before.pop()
    elif len(before) == 2:
        project, dataset = before
        before = []
    elif before:
        # one part before INFORMATION_SCHEMA is a project if one has this name, else a dataset
        part = before.pop()
        if session.world.project(part) is not None and session.world.dataset(project, part) is None:
            project = part
        else:
            dataset = part
    elif session.default_dataset is not None and view in ("TABLES", "COLUMNS"):
        project, dataset = session.default_dataset
    if before:
        raise refusals.invalid_query(f"Invalid table name: `{'.'.join(parts)}`")
    return ResolvedName(project, dataset, view, region, is_schema_view=True)


def dataset_name(session: QuerySession, parts: tuple[str, ...]) -> tuple[str, str]:
    """Resolve a dataset's path to (project, dataset).

    Raises:
        ApiError: it has too many parts.
    """
    if len(parts) == 1:
        return session.project.id, parts[0]
    if len(parts) == 2:
        return parts[0], parts[1]
    raise refusals.invalid_query(f"Invalid dataset name: `{'.'.join(parts)}`")


def find_dataset(session: QuerySession, name: ResolvedName) -> Dataset:
    """The dataset of a table's path, which must be in the location where the query runs.

    Raises:
        ApiError: it does not exist, or is in another location.
    """
    project = session.world.project(name.project)
    if project is None:
        raise refusals.unknown_project(name.project)
    dataset = project.dataset(name.dataset)
    if dataset is None or dataset.location.upper() != session.location.upper():
        raise refusals.no_dataset(name.project, name.dataset, session.location)
    return dataset


def real_tables(tree: exp.Expr) -> Iterator[exp.Table]:
    """The tables that a statement names, without the names of its WITH clauses."""
    for node in tree.find_all(exp.Table):
        if not isinstance(node.this, exp.Identifier):
            continue
        if (
            isinstance(node.parent, exp.Create | exp.Drop | exp.Alter)
            and str(node.parent.args.get("kind")).upper() == "SCHEMA"
        ):
            continue
        if not node.db and node.name.lower() in _with_names(node):
            continue
        yield node


def called(call: exp.Anonymous) -> tuple[tuple[str, ...], exp.Expr]:
    """The path of a called function, and the whole expression: with the prefix of the name, or the table it returns."""
    name, parent = split_path(call.name), call.parent
    before: list[exp.Expr] = []
    whole: exp.Expr = call
    if isinstance(parent, exp.Table) and call.arg_key == "this":
        before, whole = [part for part in (parent.args.get("catalog"), parent.args.get("db")) if part], parent
    elif isinstance(parent, exp.Dot) and call.arg_key == "expression":
        before, whole = parent.this.parts if isinstance(parent.this, exp.Dot) else [parent.this], parent
    if not all(isinstance(part, exp.Identifier) for part in before):
        return name, call
    return tuple(piece for part in before for piece in split_path(part.name)) + name, whole


def _with_names(node: exp.Expr) -> set[str]:
    found: set[str] = set()
    parent = node.parent
    while parent is not None:
        clause = parent.args.get("with_") or parent.args.get("with")
        if isinstance(clause, exp.With):
            found |= {cte.alias.lower() for cte in clause.expressions}
        parent = parent.parent
    return found


def shorten_columns(tree: exp.Expr) -> None:
    """Shorten ``dataset.table.column`` to ``table.column``: a table without an alias is called by the last part of its
    path here.

    SQLAlchemy writes ```dataset.table`.`column```, with the path of the FROM clause in one pair of backticks.
    """
    paths = {".".join(parts): parts[-1] for parts in map(table_parts, real_tables(tree)) if len(parts) > 1}
    for column in tree.find_all(exp.Column) if paths else ():
        path = ".".join(part.name for part in column.parts[:-1])
        if path in paths:
            column.set("table", exp.to_identifier(paths[path], quoted=True))
            column.set("db", None)
            column.set("catalog", None)


def inferred_location(session: QuerySession, tree: exp.Expr) -> str:
    """The location of the first dataset that a statement names; empty if it names none.

    https://cloud.google.com/bigquery/docs/locations#specify_locations
    """
    for node in real_tables(tree):
        parts = table_parts(node)
        if len(parts) == 1 and session.default_dataset is None:
            continue  # a temporary table, or a table that will be refused later
        name = table_name(session, parts)
        if name.is_schema_view and not name.dataset:
            return canonical(name.region or "US")
        dataset = session.world.dataset(name.project, name.dataset)
        if dataset is not None:
            return dataset.location
    for call in tree.find_all(exp.Anonymous):
        project_id, dataset_id, _ = ("", "", *called(call)[0])[-3:]
        dataset = session.world.dataset(project_id or session.project.id, dataset_id)
        if dataset is not None:
            return dataset.location
    if session.default_dataset is not None:
        dataset = session.world.dataset(*session.default_dataset)
        if dataset is not None:
            return dataset.location
    return ""


def canonical(location: str) -> str:
    """Normalise a location's spelling: ``eu`` -> ``EU``; regions stay in lower case."""
    return location.upper() if location.upper() in ("US", "EU") else location.lower()
