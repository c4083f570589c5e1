"""Temporary functions in SQL, put in the place of their calls.

https://cloud.google.com/bigquery/docs/user-defined-functions#sql-udf-structure
"""

from sqlglot import exp

from kbq_tui.sandbox.bigquery import fields, refusals
from kbq_tui.sandbox.bigquery.function import Function
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.bigquery.tokens import node_position

_MOST_NODES = 50_000
_ANY = exp.DataType.Type.VARIANT


def is_definition(tree: object) -> bool:
    """Whether a statement makes a function."""
    return isinstance(tree, exp.Create) and str(tree.args.get("kind")).upper() == "FUNCTION"


def define(session: QuerySession, tree: exp.Expr) -> None:
    """Keeps a function for the rest of the script.

    Raises:
        ApiError: it is no temporary function in SQL, or a type does not exist.
    """
    body, shape = tree.args.get("expression"), tree.this
    if not tree.find(exp.TemporaryProperty):
        raise refusals.invalid_query("Statement not supported: CreateFunctionStatement; temporary functions are")
    if tree.find(exp.LanguageProperty) or isinstance(body, exp.Literal | None) or not shape.this.name:
        raise refusals.invalid_query("Functions in other languages than SQL are not supported here")
    parameters = tuple((column.name.lower(), _type(column.args.get("kind"))) for column in shape.expressions)
    returned = tree.find(exp.ReturnsProperty)
    returns = _type(returned.this) if returned is not None else None
    session.functions[shape.this.name.lower()] = Function(parameters, returns, body)


def _type(kind: exp.DataType | None) -> exp.DataType | None:
    if kind is None or kind.this == _ANY:
        return None
    try:
        fields.from_sql("value", kind)
    except fields.BadSchema as error:
        raise refusals.invalid_query(str(error)) from error
    return kind


def expand(session: QuerySession, tree: exp.Expr) -> None:
    """Replaces the calls of the script's functions by what they compute.

    Raises:
        ApiError: a call has too many or too few arguments, or the result is too large.
    """
    if not session.functions:
        return
    size = 0
    while (call := _call(session, tree)) is not None:
        function = session.functions[str(call.this).lower()]
        if len(call.expressions) != len(function.parameters):
            at = node_position(session.sql, call)
            raise refusals.invalid_query(
                f"No matching signature for function {call.this}: it takes {len(function.parameters)} arguments, "
                f"{len(call.expressions)} were given at {at}"
            )
        new = _body(function, call.expressions)
        size += sum(1 for _ in new.walk())
        if size > _MOST_NODES:
            raise refusals.too_complex()
        call.replace(new)


def _call(session: QuerySession, tree: exp.Expr) -> exp.Expr | None:
    calls = tree.find_all(exp.Anonymous)
    return next((call for call in calls if str(call.this).lower() in session.functions and call.parent), None)


def _body(function: Function, arguments: list[exp.Expr]) -> exp.Expr:
    given = dict(zip(function.parameters, arguments, strict=True))
    values = {
        name: exp.paren(value.copy()) if kind is None else exp.cast(value.copy(), kind.copy())
        for (name, kind), value in given.items()
    }
    body = exp.paren(function.body.copy())
    for column in list(body.find_all(exp.Column)):
        if not column.table and column.name.lower() in values:
            column.replace(values[column.name.lower()].copy())
    return exp.cast(body, function.returns.copy()) if function.returns is not None else body
