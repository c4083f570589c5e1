"""``OPTIONS(...)`` of CREATE statements, as fields of the API's resources."""

from typing import Any

import duckdb
from sqlglot import exp

from kbq_tui.sandbox.bigquery import refusals
from kbq_tui.sandbox.bigquery.names import Session, canonical
from kbq_tui.sandbox.bigquery.query import binding_error, to_duckdb

JSON = dict[str, Any]


def read(session: Session, tree: exp.Expr) -> JSON:
    """``OPTIONS(a = 1, ...)`` by lower-case name."""
    found: JSON = {}
    properties = tree.args.get("properties")
    for option in properties.expressions if properties is not None else []:
        if isinstance(option, exp.LocationProperty):
            found["location"] = canonical(option.this.name)
        elif isinstance(option, exp.SchemaCommentProperty):
            found["description"] = option.this.name
        elif isinstance(option, exp.Property) and type(option) is exp.Property:
            found[option.name.lower()] = _value(session, option.args["value"])
        elif isinstance(option, exp.PartitionedByProperty | exp.ClusterProperty):
            continue  # how rows are stored makes no difference here
        else:
            name = type(option).__name__.removesuffix("Property")
            raise refusals.invalid_query(f"Statement not supported: CREATE with {name} option")
    return found


def _value(session: Session, node: exp.Expr) -> Any:
    if isinstance(node, exp.Array) and all(isinstance(e, exp.Tuple) for e in node.expressions):
        return {pair.expressions[0].name: pair.expressions[1].name for pair in node.expressions}
    sql, _ = to_duckdb(session, exp.select(node.copy()))
    try:
        return session.engine.execute(sql).rows[0][0]
    except duckdb.Error as error:
        raise binding_error(session, node, error) from error


def move(options: JSON, body: JSON, names: dict[str, str]) -> None:
    for option in options:
        if option not in names:
            raise refusals.invalid_query(f"Unknown option: {option}")
        body[names[option]] = options[option]


def for_table(options: JSON) -> JSON:
    body: JSON = {}
    expires = options.pop("expiration_timestamp", None)
    if expires is not None:
        body["expirationTime"] = str(int(expires.timestamp() * 1000))
    move(options, body, {"description": "description", "friendly_name": "friendlyName", "labels": "labels"})
    return body
