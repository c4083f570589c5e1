"""Translates a GoogleSQL query for DuckDB: resolves names, checks the permission for every read, applies policies."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb
from sqlglot import exp, parse_one

from kbq_tui.sandbox import roles
from kbq_tui.sandbox.bigquery import (
    billing,
    comparison_types,
    dialect,
    duck,
    expressions,
    function_rules,
    functions,
    infoschema,
    parameters,
    partitions,
    reading,
    refusals,
    row_policies,
    sampling,
    set_operations,
    time_travel,
    variables,
)
from kbq_tui.sandbox.bigquery.fields import Field
from kbq_tui.sandbox.bigquery.names import (
    QuerySession,
    ResolvedName,
    find_dataset,
    real_tables,
    shorten_columns,
    table_name,
    table_parts,
)
from kbq_tui.sandbox.bigquery.outcome import Reads
from kbq_tui.sandbox.bigquery.syntax import parse_script
from kbq_tui.sandbox.bigquery.tokens import SqlError, node_position
from kbq_tui.sandbox.bigquery.usage import ALL, ReadColumns, Usage, select_numbers, usage
from kbq_tui.sandbox.errors import ApiError
from kbq_tui.sandbox.resources import Dataset, Table

JSON = dict[str, Any]
_DEPTH = 16  # BigQuery's limit for views that read views


def to_duckdb(
    session: QuerySession, tree: exp.Expr, known: str = "", *, defines_view: bool = False
) -> tuple[str, Reads]:
    """Translate a statement to DuckDB's SQL, with every name resolved and every read checked.

    Args:
        session: the query.
        tree: a statement of GoogleSQL; not changed.
        known: the DuckDB name of a table that is resolved already: the one that DML writes into.
        defines_view: as in `Reads`.

    Raises:
        ApiError: something does not exist or is not allowed.
    """
    reads = Reads(defines_view=defines_view)
    with session.world.lock.released():
        copied = tree.copy()
    resolved = _resolve(session, copied, reads, known=known)
    comparison_types.check(session, resolved)
    set_operations.check(session, resolved)
    with session.world.lock.released():
        text = resolved.sql("duckdb", copy=False)
    if not defines_view:
        billing.check(session, reads.sizes)
    return text, reads


def constant(session: QuerySession, text: str) -> str:
    """Translate an expression that reads no table to DuckDB's SQL.

    Raises:
        ApiError: it is not such an expression.
    """
    try:
        tree = parse_script(f"SELECT {text}")[0].tree
    except SqlError as error:
        raise syntax_refusal(error) from error
    if not isinstance(tree, exp.Select) or len(tree.expressions) != 1 or tree.find(exp.From, exp.Subquery):
        raise refusals.invalid_query(f"Not a constant expression: {text}")
    sql: str = _resolve(session, tree.copy(), Reads()).expressions[0].unalias().sql("duckdb")
    try:
        session.engine.execute(f"SELECT {sql}")
    except duckdb.Error as error:
        raise binding_error(session, tree, error) from error
    return sql


def describe(session: QuerySession, tree: exp.Expr, *, defines_view: bool = False) -> tuple[str, list[Field], Reads]:
    """Give a query's DuckDB SQL, its columns and what it reads, without running it.

    Args:
        session: the query.
        tree: the query's tree.
        defines_view: as in `Reads`.

    Raises:
        ApiError: BigQuery would refuse it.
    """
    sql, reads = to_duckdb(session, tree, defines_view=defines_view)
    try:
        schema = session.engine.describe(sql, session.watch)
    except duckdb.Error as error:
        raise binding_error(session, tree, error) from error
    return sql, named(schema), reads


def named(schema: list[Field]) -> list[Field]:
    """Name columns that have no name ``f0_``, ``f1_`` ..., as BigQuery does.

    Raises:
        ApiError: two columns have the same name.
    """
    seen: set[str] = set()
    unnamed = 0
    result: list[Field] = []
    for column in schema:
        name = column["name"]
        if name.startswith(dialect.ANONYMOUS):
            name = f"f{unnamed}_"
            unnamed += 1
        elif name.lower() in seen:
            raise refusals.invalid_query(
                f"Duplicate column names in the result are not supported. Found duplicate(s): {name}"
            )
        seen.add(name.lower())
        result.append(column | {"name": name})
    return result


@dataclass(frozen=True)
class _View:
    """A view whose query is resolved: the columns that are wanted of it, and the conditions over it."""

    table: Table
    depth: int
    wanted: ReadColumns
    filters: list[exp.Expr]


def _resolve(
    session: QuerySession, tree: exp.Expr, reads: Reads, inside: _View | None = None, known: str = ""
) -> exp.Expr:
    view = inside.table if inside else None
    sql = session.sql if view is None else view.view_query or ""
    project = view.project_id if view else ""
    kept = functions.known(session, tree, project or session.project.id)
    with session.world.lock.released():
        functions.expand(session, tree, kept, temporary=view is None)
        shorten_columns(tree)
        dialect.name_columns(tree)
        expressions.translate(tree)
        dialect.refuse_foreign(sql, tree)
        duck.finish(tree)
        dialect.correct(tree)
        tables = [node for node in real_tables(tree) if node.db or node.name != known]
        used = usage(tree, inside.wanted if inside else ALL)
    if view is None:
        parameters.bind(session, tree)
    for node in tables:
        name = table_name(session, table_parts(node), project)
        replacement: exp.Expr
        if name.is_schema_view:
            schema, rows = infoschema.load(session, name, node.find_ancestor(exp.Select))
            replacement = _subquery(infoschema.literal_rows(schema, rows))
        else:
            filters = partitions.filters_of(node) + (inside.filters if inside else [])
            replacement = _table(session, name, node, used, reads, inside, filters)
        replacement.set("alias", node.args.get("alias") or exp.TableAlias(this=_last(node)))
        for key in ("joins", "pivots", "laterals"):
            if node.args.get(key):
                replacement.set(key, node.args[key])
        node.replace(replacement)
    if view is None:
        variables.bind(session, tree, reads.tables)
    for call in list(tree.find_all(exp.SessionUser)):
        call.replace(exp.Literal.string(session.principal.email))
    return tree


def _table(
    session: QuerySession,
    name: ResolvedName,
    node: exp.Table,
    used: Usage,
    reads: Reads,
    inside: _View | None,
    filters: list[exp.Expr],
) -> exp.Expr:
    view = inside.table if inside else None
    dataset = find_dataset(session, name)
    table = living_table(session, dataset, name.table)
    allowed = session.ctx.authz.allowed(session.principal, "bigquery.tables.getData", dataset)
    allowed = allowed or (view is not None and _authorized(dataset, view))
    allowed = allowed or (table is not None and table_grants(session, table, "bigquery.tables.getData"))
    if not allowed:
        raise refusals.may_not_query(name.ref, session.location)
    if table is None:
        raise refusals.no_table(name.ref, session.location)
    if table not in reads.tables:
        reads.tables.append(table)
    if table.view_query is not None:
        sampling.refuse(node)
        if node.args.get("version") is not None:
            raise refusals.invalid_query("FOR SYSTEM_TIME AS OF is not supported by the sandbox for views")
        depth = inside.depth if inside else 0
        if depth >= _DEPTH:
            raise refusals.invalid_query("Exceeded maximum allowed view nesting depth of 16.")
        with session.world.lock.released():
            inner = parse_script(table.view_query)[0].tree
        assert isinstance(inner, exp.Expr)
        deeper = _View(table, depth + 1, used.read, filters)
        return exp.Subquery(this=_resolve(session, inner.copy(), reads, deeper))
    if not table.schema:
        raise refusals.invalid_query(f"Table {name.ref} does not have a schema.")
    time_travel.check_version(session, table, node.args.get("version"))
    reading.check_files(session, table)
    reading.check_key(session, table)
    if not reads.defines_view:
        partitions.check_filter(table, filters)
    reading.check_tags(session, table, used.read)
    part = partitions.read_part(session, table, filters)
    sampled = sampling.blocks(session, table, node)
    rows = session.engine.count(table, part, sampled)
    reads.sizes.append((rows, session.engine.size(table, used.read.__contains__, part, sampled)))
    conditions = [c for c in (row_policies.condition(table, session.principal), sampled) if c is not None]
    shown = select_numbers(table, used.computed if view is None else None)
    if conditions or shown != "*":
        wanted = " AND ".join(f"({c})" for c in conditions) or "TRUE"
        return _subquery(f"SELECT {shown} FROM {session.engine.name(table)} WHERE {wanted}")  # noqa: S608
    return exp.Table(this=exp.to_identifier(session.engine.name(table), quoted=True))


def living_table(session: QuerySession, dataset: Dataset, table_id: str) -> Table | None:
    """A table by name; None if it has expired."""
    table = dataset.table(table_id)
    if table is not None and table.expires_ms is not None and table.expires_ms <= session.world.now_ms():
        session.engine.drop(table)
        del dataset.tables[table.table_id]
        return None
    return table


def table_grants(session: QuerySession, table: Table, permission: str) -> bool:
    """Whether the table's own policy gives the permission."""
    return any(
        session.principal.member in binding.get("members", [])
        and permission in roles.ROLES.get(str(binding.get("role")), frozenset())
        for binding in table.traits.get("iam_policy", {}).get("bindings", [])
    )


def _authorized(dataset: Dataset, view: Table) -> bool:
    """Whether the dataset allows the view to read it, as an authorized view or by its authorized dataset."""
    for entry in dataset.access:
        if entry.get("view") == {
            "projectId": view.project_id, "datasetId": view.dataset_id, "tableId": view.table_id
        }:  # fmt: skip
            return True
        whole = entry.get("dataset") or {}
        same = whole.get("dataset") == {"projectId": view.project_id, "datasetId": view.dataset_id}
        if same and "VIEWS" in whole.get("targetTypes", []):
            return True
    return False


def _subquery(duck_sql: str) -> exp.Expr:
    return exp.Subquery(this=parse_one(duck_sql, read="duckdb"))


def _last(node: exp.Table) -> exp.Identifier:
    return exp.to_identifier(table_parts(node)[-1], quoted=True)


_LONG_WORD = re.compile(r'([^"\s]{1024})[^"\s]+')
"""A word that is longer than any name may be (1,024 characters); the rest of it is cut off."""
_MESSAGE = 8_192
"""The number of characters of an error text that are searched."""

_MISSING = re.compile(r'Function with name "?(\w+)"? does not exist')

# DuckDB's error -> BigQuery's; {0}, {1} are the groups, {at} the position in the caller's text
_BINDING: list[tuple[str, str]] = [
    (
        r'Referenced column "([^"]+)" (?:not found in FROM|was not found because the FROM) clause',
        "Unrecognized name: {0} at {at}",
    ),
    (r"Referenced update column (\S+) not found in table", "Unrecognized name: {0} at {at}"),
    (r'Duplicate column name "([^"]+)" in INSERT', "INSERT has columns with duplicate name: {0} at {at}"),
    (r"(division by zero: .*|[A-Z0-9_]+: .* (?:is an error|must not be .*))$", "{0}"),
    (r"(Array index .* is out of bounds)", "{0}"),
    (
        r"No function matches the given name and argument types '(\w+)\(",
        "No matching signature for function {0} with these arguments, or they are not supported by the sandbox at {at}",
    ),
    (r"(\w+ produced too many elements|Output of \S+ exceeds max allowed output size of 1MB)", "{0}"),
    (r'Referenced table "([^"]+)" not found', "Unrecognized name: {0} at {at}"),
    (
        r'(?:Table|Values list) "([^"]+)" does not have a column named "([^"]+)"',
        "Name {1} not found inside {0} at {at}",
    ),
    (r'Ambiguous reference to column name "([^"]+)"', "Column name {0} is ambiguous at {at}"),
    (
        r'column "([^"]+)" must appear in the GROUP BY clause',
        "SELECT list expression references column {0} which is neither grouped nor aggregated at {at}",
    ),
    (r"Failed to parse format specifier (\S+):", "The format elements of {0} are not supported by the sandbox"),
    (r"(?:Scalar|Aggregate|Table) Function with name \"?(\w+)\"? does not exist", "Function not found: {0} at {at}"),
    (r"(Bad (?:int64|bool|datetime) value: .*)", "{0}"),
    (
        r'Could not convert string "([^"]*)" to DECIMAL\(38,19\)',
        "BIGNUMERIC {0}: numbers of more than 19 digits before the point can be shown here, but not computed with",
    ),
    (r"Could not convert string '([^']*)' to INT", "Bad int64 value: {0}"),
    (r"Could not convert string '([^']*)' to (?:DOUBLE|DECIMAL)", "Bad double value: {0}"),
    (r'(?:invalid (?:timestamp|date)[^"]*"|timestamp field value out of range: ")([^"]*)"', "Invalid timestamp: '{0}'"),
    (r"window expressions cannot be volatile", "This expression in a window is not supported by the sandbox"),
    (r"TRY can not be used in combination with", "SAFE. before this function is not supported by the sandbox"),
    (r"NOT NULL constraint failed: \w+\.(\w+)", "Required field {0} cannot be null"),
    (
        r"table \w+ has (\d+) columns but (\d+) values were supplied",
        "Inserted row has wrong column count; Has {1}, expected {0} at {at}",
    ),
    (r'Table "\w+" does not have a column with name "([^"]+)"', "Column {0} is not present in table at {at}"),
    (
        r"Cannot compare values of type (\w+)[^ ]* and type (\w+)",
        "No matching signature for operator for argument types: {0}, {1} at {at}",
    ),
]


def binding_error(session: QuerySession, tree: exp.Expr, error: duckdb.Error) -> ApiError:
    """DuckDB's error with BigQuery's text, with the position in the caller's text."""
    if isinstance(error, duckdb.InterruptException):
        return session.ended()
    if isinstance(error, duckdb.OutOfMemoryException):
        return refusals.out_of_memory()
    message = _LONG_WORD.sub(r"\1", str(error))[:_MESSAGE]  # other calls wait while the patterns are searched for
    if "Max expression depth limit" in message:
        return refusals.too_complex()
    missing = _MISSING.search(message)
    if missing and missing[1].upper() in function_rules.GOOGLES:
        return refusals.invalid_query(f"Function {missing[1].upper()} is not supported by the sandbox")
    for pattern, text in _BINDING:
        match = re.search(pattern, message, re.IGNORECASE)
        if match:
            groups = [g or "" for g in match.groups()]
            return refusals.invalid_query(text.format(*groups, at=_place(session.sql, tree, groups)))
    # an unexpected error: its first line, without names that are DuckDB's own
    first = re.sub(r"\bt\d+\b", "table", message.splitlines()[0].partition(": ")[2])
    return refusals.invalid_query(first or "Query error")


def _place(sql: str, tree: exp.Expr, words: Iterable[str]) -> str:
    wanted = {w.lower() for w in words}
    for node in tree.walk():
        if isinstance(node, exp.Column | exp.Anonymous | exp.Func) and node.name.lower() in wanted:
            return node_position(sql, node)
    for node in tree.find_all(exp.Identifier):
        if node.name.lower() in wanted:
            return node_position(sql, node)
    return node_position(sql, tree)


def syntax_refusal(error: SqlError) -> ApiError:
    """A syntax error as an API error."""
    return refusals.invalid_query(str(error))
