"""``OPTIONS(...)`` of CREATE and ALTER statements, as fields of the API's resources."""

from typing import Any

import duckdb
from sqlglot import exp

from kbq_tui.sandbox.bigquery import refusals
from kbq_tui.sandbox.bigquery.names import QuerySession, canonical
from kbq_tui.sandbox.bigquery.query import binding_error, to_duckdb

JSON = dict[str, Any]
_READ_ELSEWHERE = (exp.PartitionedByProperty, exp.ClusterProperty, exp.TemporaryProperty, exp.MaterializedProperty,
                   exp.ReturnsProperty)  # fmt: skip


def read(session: QuerySession, tree: exp.Expr) -> JSON:
    """Read ``OPTIONS(a = 1, ...)`` by lower-case name."""
    found: JSON = {}
    is_alter = isinstance(tree, exp.Alter)
    properties = tree.args["actions"][0].expressions[0] if is_alter else tree.args.get("properties")
    for option in properties.expressions if properties is not None else []:
        if isinstance(option, exp.LocationProperty):
            found["location"] = canonical(option.this.name)
        elif isinstance(option, exp.SchemaCommentProperty):
            found["description"] = option.this.name
        elif isinstance(option, exp.FileFormatProperty):
            found["format"] = option.this.name.upper()
        elif isinstance(option, exp.Property) and type(option) is exp.Property:
            found[option.name.lower()] = _value(session, option.args["value"])
        elif isinstance(option, _READ_ELSEWHERE):
            continue
        else:
            name = type(option).__name__.removesuffix("Property")
            raise refusals.invalid_query(f"Statement not supported: {tree.key.upper()} with {name} option")
    return found


def _value(session: QuerySession, node: exp.Expr) -> Any:
    if isinstance(node, exp.Array) and all(isinstance(e, exp.Tuple) for e in node.expressions):
        return {pair.expressions[0].name: pair.expressions[1].name for pair in node.expressions}
    sql, _ = to_duckdb(session, exp.select(node.copy()))
    try:
        return session.engine.run(sql, session.watch).rows[0][0]
    except duckdb.Error as error:
        raise binding_error(session, node, error) from error


def move(options: JSON, body: JSON, names: dict[str, str]) -> None:
    """Copy a statement's options into a resource under the API's names; refuse options that are not in `names`."""
    for option in options:
        if option not in names:
            raise refusals.invalid_query(f"Unknown option: {option}")
        body[names[option]] = options[option]


_TEXTS = {"description": "description", "friendly_name": "friendlyName", "labels": "labels"}
_DAY_MS = 24 * 3600 * 1000


def for_schema(options: JSON) -> JSON:
    """The options of CREATE SCHEMA and ALTER SCHEMA as fields of the API's Dataset; NULL removes a value.

    https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#schema_option_list

    Raises:
        ApiError: an option does not exist.
    """
    body: JSON = {}
    for kind in ("Table", "Partition"):
        name = f"default_{kind.lower()}_expiration_days"
        if name in options:
            body[f"default{kind}ExpirationMs"] = _milliseconds(options.pop(name))
    move(options, body, _TEXTS)
    return body


def for_table(options: JSON) -> JSON:
    """The options of a table or view as fields of the API's Table; NULL removes a value.

    https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#table_option_list

    Raises:
        ApiError: an option does not exist.
    """
    body: JSON = {}
    if "expiration_timestamp" in options:
        expires = options.pop("expiration_timestamp")
        body["expirationTime"] = str(int(expires.timestamp() * 1000)) if expires is not None else None
    if "partition_expiration_days" in options:
        body["timePartitioning"] = {"expirationMs": _milliseconds(options.pop("partition_expiration_days"))}
    if "require_partition_filter" in options:
        body["requirePartitionFilter"] = options.pop("require_partition_filter")
    if "kms_key_name" in options:
        key = options.pop("kms_key_name")
        body["encryptionConfiguration"] = {"kmsKeyName": str(key)} if key is not None else None
    move(options, body, _TEXTS)
    return body


def for_materialized_view(options: JSON) -> JSON:
    """The options of a materialized view; those about refreshing are stored but have no effect.

    https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#materialized_view_option_list

    Raises:
        ApiError: an option does not exist.
    """
    minutes = options.pop("refresh_interval_minutes", None)
    view: JSON = {"enableRefresh": options.pop("enable_refresh", True)}
    for name in ("max_staleness", "allow_non_incremental_definition"):
        options.pop(name, None)
    if minutes is not None:
        view["refreshIntervalMs"] = str(int(minutes * 60_000))
    return for_table(options) | {"materializedView": view}


_OF_FILES = {"format": "sourceFormat", "uris": "sourceUris", "compression": "compression"}


def for_external(options: JSON) -> JSON:
    """The options of an external table; those about reading its files are stored but have no effect.

    https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#external_table_option_list

    Raises:
        ApiError: the format or the files are missing.
    """
    common = {name: options.pop(name) for name in (*_TEXTS, "expiration_timestamp") if name in options}
    if "format" not in options or not options.get("uris"):
        raise refusals.invalid_query("CREATE EXTERNAL TABLE needs the options format and uris")
    files = {_OF_FILES.get(name, name): value for name, value in options.items()}
    known = {name: value for name, value in files.items() if name in _OF_FILES.values()}
    return for_table(common) | {"externalDataConfiguration": known | {"autodetect": False}}


def stored(tree: exp.Expr, body: JSON) -> None:
    """Add ``PARTITION BY`` and ``CLUSTER BY`` of CREATE TABLE to the API's Table.

    https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#partition_expression

    Raises:
        ApiError: a partition expiration without a partition by time.
    """
    properties = tree.args.get("properties")
    for part in properties.expressions if properties is not None else []:
        if isinstance(part, exp.PartitionedByProperty) and not part.find(exp.RangeBucket):
            unit = part.find(exp.Var) or (part.this.args.get("unit") if isinstance(part.this, exp.Func) else None)
            column = part.find(exp.Identifier)
            partitioning: JSON = {"type": unit.name.upper() if unit is not None else "DAY"}
            if column is not None and column.name.upper() not in ("_PARTITIONDATE", "_PARTITIONTIME"):
                partitioning["field"] = column.name
            body["timePartitioning"] = partitioning | body.get("timePartitioning", {})
        elif isinstance(part, exp.ClusterProperty):
            body["clustering"] = {"fields": [column.name for column in part.expressions]}
    if "type" not in body.get("timePartitioning", {"type": ""}):
        raise refusals.invalid_query(
            "partition_expiration_days can only be set for tables that are partitioned by time"
        )


def _milliseconds(days: Any) -> str | None:
    return None if days is None else str(int(float(days) * _DAY_MS))
