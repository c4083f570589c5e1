"""SQL functions, temporary or stored in a dataset: their calls are replaced by their bodies.

https://cloud.google.com/bigquery/docs/user-defined-functions#sql-udf-structure
https://cloud.google.com/bigquery/docs/table-functions
"""

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from kbq_tui.sandbox.bigquery import fields, refusals
from kbq_tui.sandbox.bigquery.function import Function
from kbq_tui.sandbox.bigquery.names import QuerySession, called, real_tables, table_parts
from kbq_tui.sandbox.bigquery.syntax import parse_script
from kbq_tui.sandbox.bigquery.tokens import SqlError, node_position
from kbq_tui.sandbox.errors import ApiError
from kbq_tui.sandbox.resources import Routine

JSON = dict[str, Any]
Path = tuple[str, ...]

_MOST_NODES = 50_000
_ANY = exp.DataType.Type.VARIANT
_NAMESPACES = frozenset({"SAFE", "NET", "KEYS", "AEAD", "HLL_COUNT", "KLL_QUANTILES"})
"""The prefixes of built-in functions, which stand before the dot."""


def is_definition(tree: object) -> bool:
    """Whether a statement creates a function."""
    return isinstance(tree, exp.Create) and str(tree.args.get("kind")).upper() == "FUNCTION"


def is_temporary(tree: object) -> bool:
    """Whether a statement creates a temporary function."""
    return is_definition(tree) and isinstance(tree, exp.Create) and tree.find(exp.TemporaryProperty) is not None


def define(session: QuerySession, tree: exp.Expr) -> None:
    """Keep a temporary function for the rest of the script.

    Raises:
        ApiError: it is not written in SQL, or a type does not exist.
    """
    body, shape = tree.args.get("expression"), tree.this
    if tree.find(exp.LanguageProperty) or isinstance(body, exp.Literal | None) or not shape.this.name:
        raise other_language()
    parameters = tuple((column.name.lower(), checked_type(column.args.get("kind"))) for column in shape.expressions)
    returned = tree.find(exp.ReturnsProperty)
    returns = checked_type(returned.this) if returned is not None else None
    session.functions[shape.this.name.lower()] = Function(parameters, returns, body)


def other_language() -> ApiError:
    """The refusal of a function whose body is not SQL."""
    return refusals.invalid_query("Functions in other languages than SQL are not supported here")


def checked_type(kind: exp.DataType | None) -> exp.DataType | None:
    """Check a declared type; None stands for ANY TYPE, or for no declaration.

    Raises:
        ApiError: the type does not exist.
    """
    if kind is None or kind.this == _ANY:
        return None
    try:
        fields.from_sql("value", kind)
    except fields.BadSchema as error:
        raise refusals.invalid_query(str(error)) from error
    return kind


def sql_type(kind: JSON) -> str:
    """The API's StandardSqlDataType as SQL."""
    name = str(kind.get("typeKind") or "")
    if name == "ARRAY":
        return f"ARRAY<{sql_type(kind.get('arrayElementType') or {})}>"
    if name == "RANGE":
        return f"RANGE<{sql_type(kind.get('rangeElementType') or {})}>"
    if name == "STRUCT":
        members = (kind.get("structType") or {}).get("fields") or []
        parts = [f"{member.get('name', '')} {sql_type(member.get('type') or {})}".strip() for member in members]
        return f"STRUCT<{', '.join(parts)}>"
    return name


def function_of(routine: Routine) -> Function:
    """The function that a routine stores.

    Raises:
        ApiError: its body cannot be read, or a type does not exist.
    """
    body = routine.body
    is_table = body.get("routineType") == "TABLE_VALUED_FUNCTION"
    parameters = []
    for argument in body.get("arguments") or []:
        given = argument.get("dataType")
        parameters.append((str(argument.get("name") or "").lower(), _built(given) if given else None))
    text = str(body.get("definitionBody") or "")
    try:
        tree = parse_script(text if is_table else f"SELECT ({text})")[0].tree
    except SqlError as error:
        raise refusals.invalid_query(str(error)) from error
    if not isinstance(tree, exp.Query) or (not is_table and len(tree.expressions) != 1):
        raise refusals.invalid_query(f"The body of routine {routine.ref} is no expression")
    result = tree if is_table else tree.expressions[0].unalias()
    _qualify(result, routine.project_id)
    given = body.get("returnType")
    return Function(tuple(parameters), _built(given) if given else None, result, is_table)


def _built(kind: JSON) -> exp.DataType | None:
    text = sql_type(kind)
    try:
        return checked_type(exp.DataType.build(text, dialect="bigquery"))
    except ValueError as error:
        raise refusals.invalid_query(f"Type not found: {text}") from error


def _qualify(body: exp.Expr, project_id: str) -> None:
    """Complete names without a project with the routine's project, wherever the routine is called from."""
    for node in real_tables(body):
        if len(table_parts(node)) == 2 and "INFORMATION_SCHEMA" not in node.name.upper():
            dataset, table = table_parts(node)
            for key, name in (("this", table), ("db", dataset), ("catalog", project_id)):
                node.set(key, exp.to_identifier(name, quoted=True))
    for call in list(body.find_all(exp.Anonymous)):
        path, whole = called(call)
        if len(path) == 2 and path[0].upper() not in _NAMESPACES:
            new = exp.Anonymous(this=exp.to_identifier(".".join((project_id, *path)), quoted=True))
            new.set("expressions", call.expressions)
            if isinstance(whole, exp.Table):
                whole.set("this", new)
                whole.set("db", None)
            else:
                whole.replace(new)


def known(session: QuerySession, tree: exp.Expr, project_id: str) -> dict[Path, Function]:
    """The stored functions that a statement calls, and those that they call, by path as written.

    Args:
        session: the query.
        tree: the statement, or a view's query.
        project_id: the project of names without one.

    Raises:
        ApiError: a function does not exist, or the caller may not use it.
    """
    found: dict[Path, Function] = {}
    waiting = [tree]
    while waiting:
        for call in waiting.pop().find_all(exp.Anonymous):
            path, whole = called(call)
            if len(path) < 2 or path in found or path[0].upper() in _NAMESPACES:
                continue
            routine = _routine(session, path, project_id)
            function = function_of(routine) if routine is not None else None
            if function is None or function.is_table != isinstance(whole, exp.Table):
                kind = "Table-valued function" if isinstance(whole, exp.Table) else "Function"
                at = node_position(session.sql, whole)
                raise refusals.invalid_query(f"{kind} not found: {'.'.join(path)} at {at}")
            found[path] = function
            waiting.append(function.body)
    return found


def _routine(session: QuerySession, path: Path, project_id: str) -> Routine | None:
    """Find the routine of a path. The text of the refusal is that of GoogleCloudPlatform/bigquery-utils#433.

    Raises:
        ApiError: the caller may not use routines of its dataset.
    """
    project, dataset_id, routine_id = ("", *path)[-3:]
    dataset = session.world.dataset(project or project_id, dataset_id)
    if dataset is None or dataset.location.upper() != session.location.upper():
        return None
    if not session.ctx.authz.allowed(session.principal, "bigquery.routines.get", dataset):
        name = f"{dataset.project_id}.{dataset_id}.{routine_id}"
        text = f"User does not have permission to invoke routine {name}."
        raise refusals.denied(f"Routine {dataset.ref}.{routine_id}: {text}")
    return dataset.routines.get(routine_id)


def expand(session: QuerySession, tree: exp.Expr, kept: dict[Path, Function], *, temporary: bool = True) -> None:
    """Replace calls of functions by their bodies.

    Args:
        session: the query.
        tree: its statement.
        kept: stored functions, by path.
        temporary: whether the script's temporary functions may be called, too; in a view they may not.

    Raises:
        ApiError: a call has too many or too few arguments, or the result is too large.
    """
    local = session.functions if temporary else {}
    if not local and not kept:
        return
    size = 0
    while (found := _next_call(tree, local, kept)) is not None:
        call, whole, function = found
        if len(call.expressions) != len(function.parameters):
            at = node_position(session.sql, call)
            raise refusals.invalid_query(
                f"No matching signature for function {'.'.join(called(call)[0])}: it takes "
                f"{len(function.parameters)} arguments, {len(call.expressions)} were given at {at}"
            )
        new = with_arguments(function, call.expressions)
        size += sum(1 for _ in new.walk())
        if size > _MOST_NODES:
            raise refusals.too_complex()
        if isinstance(whole, exp.Table):
            new.set("alias", whole.args.get("alias") or exp.TableAlias(this=exp.to_identifier(called(call)[0][-1])))
            for key in ("joins", "pivots", "laterals"):
                new.set(key, whole.args.get(key))
        whole.replace(new)


def _next_call(
    tree: exp.Expr, local: dict[str, Function], kept: dict[Path, Function]
) -> tuple[exp.Anonymous, exp.Expr, Function] | None:
    for call in tree.find_all(exp.Anonymous):
        path, whole = called(call)
        function = kept.get(path) or (local.get(path[0].lower()) if len(path) == 1 else None)
        if function is not None and whole.parent is not None:
            return call, whole, function
    return None


def with_arguments(function: Function, arguments: Sequence[exp.Expr]) -> exp.Expr:
    """The body of a function with these arguments in place of its parameters."""
    given = dict(zip(function.parameters, arguments, strict=True))
    values = {
        name: exp.paren(value.copy()) if kind is None else _coerced(value, kind)
        for (name, kind), value in given.items()
    }
    inner = function.body.copy()
    body: exp.Expr = exp.Subquery(this=inner) if function.is_table else exp.paren(inner)
    for column in list(body.find_all(exp.Column)):
        if not column.table and column.name.lower() in values:
            column.replace(values[column.name.lower()].copy())
    return _coerced(body, function.returns) if function.returns is not None else body


def _coerced(value: exp.Expr, kind: exp.DataType) -> exp.Expr:
    """A value as a type that BigQuery coerces it to; unlike a cast, this does not parse strings."""
    cast = exp.Cast(this=value.copy(), to=kind.copy())
    cast.meta["coerced"] = True
    return cast
