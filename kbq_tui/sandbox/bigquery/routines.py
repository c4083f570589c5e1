"""Routines of datasets, created over REST or in SQL: scalar and table functions with a SQL body.

https://cloud.google.com/bigquery/docs/reference/rest/v2/routines
"""

import itertools
import re
from typing import Any, Final

import sqlglot
from sqlglot import exp

from kbq_tui.sandbox.bigquery import datasets, fields, functions, options, refusals
from kbq_tui.sandbox.bigquery.access_statements import path_of
from kbq_tui.sandbox.bigquery.names import QuerySession, find_dataset, table_name
from kbq_tui.sandbox.bigquery.outcome import StatementResult
from kbq_tui.sandbox.bigquery.query import describe
from kbq_tui.sandbox.resources import Dataset, Routine

JSON = dict[str, Any]

KEPT: Final = ("routineType", "language", "arguments", "returnType", "returnTableType", "definitionBody", "description",
               "determinismLevel", "dataGovernanceType")  # fmt: skip
"""Fields of the API's Routine that are stored and returned."""
_KINDS = ("SCALAR_FUNCTION", "TABLE_VALUED_FUNCTION")
_NAME = re.compile(r"[A-Za-z0-9_]{1,256}")
_STANDARD = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "RECORD": "STRUCT"}


def resource(routine: Routine) -> JSON:
    """The routine as the API returns it."""
    reference = {"projectId": routine.project_id, "datasetId": routine.dataset_id, "routineId": routine.routine_id}
    body: JSON = {"etag": routine.etag, "routineReference": reference}
    times = {"creationTime": str(routine.created_ms), "lastModifiedTime": str(routine.modified_ms)}
    return body | times | routine.body


def routine_of(session: QuerySession, dataset: Dataset, routine_id: str, permission: str) -> Routine:
    """Find the routine that a call names, and check that the caller has the permission on it.

    Raises:
        ApiError: it is not allowed, or the routine does not exist.
    """
    session.ctx.authz.require(session.principal, permission, dataset)
    routine = dataset.routines.get(routine_id)
    if routine is None:
        raise refusals.no_routine(f"{dataset.ref}.{routine_id}")
    return routine


def put(session: QuerySession, dataset: Dataset, routine_id: str, body: JSON, *, replace: bool = False) -> Routine:
    """Create or replace a routine.

    Args:
        session: the call, or the statement's query.
        dataset: the dataset it belongs to.
        routine_id: its name.
        body: the API's Routine.
        replace: whether an existing routine may be replaced.

    Raises:
        ApiError: it is not allowed, exists already, or is not valid. Then nothing has changed.
    """
    present = dataset.routines.get(routine_id)
    action = "update" if replace and present is not None else "create"
    session.ctx.authz.require(session.principal, f"bigquery.routines.{action}", dataset)
    datasets.refuse_linked(dataset)
    if not _NAME.fullmatch(routine_id):
        raise refusals.invalid(
            f'Invalid routine ID "{routine_id}". Routine IDs must be alphanumeric (plus underscores) and must be at '
            "most 256 characters long."
        )
    if present is not None and not replace:
        raise refusals.exists("Routine", present.ref)
    kept = {key: body[key] for key in KEPT if body.get(key) not in (None, "", [])}
    kept = {"language": "SQL"} | kept
    routine = Routine(dataset.project_id, dataset.dataset_id, routine_id, kept)
    _check(session, routine)
    if not session.dry_run:
        dataset.routines[routine_id] = routine
        session.world.touch(routine)
        routine.created_ms = present.created_ms if present is not None else routine.modified_ms
    return routine


def _check(session: QuerySession, routine: Routine) -> None:
    kind = str(routine.body.get("routineType") or "")
    if kind not in _KINDS:
        raise refusals.invalid(f"Routines of type {kind or 'ROUTINE_TYPE_UNSPECIFIED'} are not supported here")
    if routine.body["language"] != "SQL":
        raise functions.other_language()
    function = functions.function_of(routine)
    if any(type_ is None for _, type_ in function.parameters):
        return  # the type of its result is known only when it is called
    nothing = [exp.cast(exp.null(), type_.copy()) for _, type_ in function.parameters if type_ is not None]
    result = functions.with_arguments(function, nothing)
    query = exp.select("*").from_(result) if function.is_table else exp.select(result)
    describe(session, query, defines_view=True)


def create_function(session: QuerySession, tree: exp.Expr, text: str) -> StatementResult:
    """``CREATE [OR REPLACE] [TABLE] FUNCTION [IF NOT EXISTS] path(...) [RETURNS ...] AS ...``.

    https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#create_function_statement

    Raises:
        ApiError: BigQuery would refuse it.
    """
    shape, is_table = tree.this, tree.meta.get("kind") == "TABLE"
    if tree.find(exp.LanguageProperty) or isinstance(tree.args.get("expression"), exp.Literal | None):
        raise functions.other_language()
    name = table_name(session, path_of(shape.this))
    dataset = find_dataset(session, name)
    target = {"projectId": name.project, "datasetId": name.dataset, "routineId": name.table}
    outcome = StatementResult("CREATE_TABLE_FUNCTION" if is_table else "CREATE_FUNCTION", operation="CREATE")
    outcome.target = {"ddlTargetRoutine": target}
    present = dataset.routines.get(name.table)
    if present is not None and tree.args.get("exists"):
        outcome.operation = "SKIP"
        return outcome
    body: JSON = {"routineType": _KINDS[is_table], "definitionBody": _body(text, is_table=is_table)}
    body["arguments"] = [{"name": c.name} | _argument(c.args.get("kind")) for c in shape.expressions]
    returned = tree.find(exp.ReturnsProperty)
    if returned is not None and isinstance(returned.this, exp.DataType):
        body["returnType"] = _standard(returned.this)
    elif returned is not None and isinstance(returned.this, exp.Schema):
        columns = [{"name": c.name, "type": _standard(c.args["kind"])} for c in returned.this.expressions]
        body["returnTableType"] = {"columns": columns}
    described = options.read(session, tree).get("description")
    replace = bool(tree.args.get("replace"))
    outcome.operation = "REPLACE" if present is not None else "CREATE"
    put(session, dataset, name.table, body | ({"description": described} if described else {}), replace=replace)
    return outcome


def _body(text: str, *, is_table: bool) -> str:
    """The text after AS; for an expression, without its parentheses."""
    tokens = sqlglot.tokenize(text, read="bigquery")
    depth = 0
    for token, after in itertools.pairwise(tokens):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and token.text.upper() == "AS":
            found = text[after.start : tokens[-1].end + 1]
            return found if is_table or after.text != "(" else found[1:-1]
    raise refusals.invalid_query("Syntax error: Expected keyword AS but got end of statement")


def _argument(kind: exp.DataType | None) -> JSON:
    checked = functions.checked_type(kind)
    return {"argumentKind": "ANY_TYPE"} if checked is None else {"dataType": _standard(checked)}


def _standard(kind: exp.DataType) -> JSON:
    """A type in SQL as the API's StandardSqlDataType.

    Raises:
        ApiError: the type does not exist.
    """
    try:
        return _of_field(fields.from_sql("value", kind))
    except fields.BadSchema as error:
        raise refusals.invalid_query(str(error)) from error


def _of_field(field: fields.Field) -> JSON:
    if field.get("mode") == "REPEATED":
        return {"typeKind": "ARRAY", "arrayElementType": _of_field(field | {"mode": "NULLABLE"})}
    found: JSON = {"typeKind": _STANDARD.get(field["type"], field["type"])}
    if field["type"] == "RECORD":
        members = [{"name": inner["name"], "type": _of_field(inner)} for inner in field["fields"]]
        found["structType"] = {"fields": members}
    if field["type"] == "RANGE":
        found["rangeElementType"] = {"typeKind": field["rangeElementType"]["type"]}
    return found


def drop_function(session: QuerySession, tree: exp.Expr) -> StatementResult:
    """Run ``DROP [TABLE] FUNCTION [IF EXISTS] path``.

    Raises:
        ApiError: it does not exist, or the caller may not delete it.
    """
    name = table_name(session, path_of((tree.args.get("tables") or [tree.this])[0]))
    dataset = find_dataset(session, name)
    wanted = "TABLE_VALUED_FUNCTION" if tree.meta.get("kind") else "SCALAR_FUNCTION"
    target = {"projectId": name.project, "datasetId": name.dataset, "routineId": name.table}
    statement = "DROP_TABLE_FUNCTION" if tree.meta.get("kind") else "DROP_FUNCTION"
    outcome = StatementResult(statement, operation="DROP", target={"ddlTargetRoutine": target})
    session.ctx.authz.require(session.principal, "bigquery.routines.delete", dataset)
    present = dataset.routines.get(name.table)
    if present is None or present.body["routineType"] != wanted:
        if not tree.args.get("exists"):
            raise refusals.no_routine(f"{dataset.ref}.{name.table}")
        outcome.operation = "SKIP"
    elif not session.dry_run:
        del dataset.routines[name.table]
    return outcome
