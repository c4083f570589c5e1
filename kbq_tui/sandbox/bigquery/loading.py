"""Rows in JSON: those of ``tabledata.insertAll`` and of load jobs.

https://cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/insertAll
"""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from kbq_tui.sandbox.bigquery import dml, fields, values
from kbq_tui.sandbox.bigquery.fields import Field, Row
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.errors import ApiError
from kbq_tui.sandbox.resources import Table

JSON = dict[str, Any]
Group = tuple[list[Field], list[Row]]


class BadRow(ValueError):
    """A row that does not fit its table.

    Args:
        text: what is wrong.
        location: the column, if it is known.
    """

    def __init__(self, text: str, location: str = "") -> None:
        super().__init__(text)
        self.location = location


def read(row: JSON, schema: list[Field], *, ignore_unknown: bool) -> tuple[list[Field], Row]:
    """The columns that a row names, and its values for them. Names are matched without regard to case.

    Raises:
        BadRow: a column does not exist, or a value does not have its column's form.
    """
    by_name = {f["name"].lower(): f for f in schema}
    found: dict[str, Any] = {}
    for name, value in row.items():
        column = by_name.get(name.lower())
        if column is not None:
            found[column["name"]] = value
        elif not ignore_unknown:
            raise BadRow(f"no such field: {name}.", name)
    columns = [f for f in schema if f["name"] in found]
    for column in columns:
        try:
            values.plain(found[column["name"]], column)
        except fields.BadSchema as error:
            raise BadRow(str(error), column["name"]) from error
    for column in schema:
        missing = found.get(column["name"]) is None and not column.get("defaultValueExpression")
        if missing and column.get("mode") == "REQUIRED":
            raise BadRow(f"Missing required field: {column['name']}.", column["name"])
    return columns, tuple(found[f["name"]] for f in columns)


def grouped(rows: Iterable[tuple[list[Field], Row]]) -> list[Group]:
    """Group consecutive rows that have the same columns."""
    by_columns = groupby(rows, key=lambda row: tuple(f["name"] for f in row[0]))
    groups = [list(group) for _, group in by_columns]
    return [(group[0][0], [row for _, row in group]) for group in groups]


def append(session: QuerySession, table: Table, rows: list[JSON], options: JSON) -> list[JSON]:
    """Appends rows as ``insertAll`` does.

    Args:
        session: the caller's query.
        table: the table.
        rows: as JSON objects by column name.
        options: the request's options: ``skipInvalidRows`` and ``ignoreUnknownValues``.

    Returns:
        ``insertErrors``; empty if all rows were inserted. One bad row keeps the others out, unless ``skipInvalidRows``
        is set.
    """
    good: list[tuple[int, list[Field], Row]] = []
    bad: dict[int, JSON] = {}
    for index, row in enumerate(rows):
        try:
            good.append((index, *read(row, table.schema, ignore_unknown=bool(options.get("ignoreUnknownValues")))))
        except BadRow as error:
            bad[index] = {"reason": "invalid", "location": error.location, "message": str(error)}
    skips = bool(options.get("skipInvalidRows"))
    if bad and not skips:
        return _told(bad, len(rows))
    try:
        dml.insert_groups(session, table, grouped((columns, row) for _, columns, row in good))
    except ApiError:
        # a value that only DuckDB refuses: try each row alone to find it
        for index, names, values_ in good:
            try:
                dml.try_row(session, table, names, values_)
            except ApiError as error:
                bad[index] = {"reason": "invalid", "location": "", "message": error.message}
        if skips:
            kept = [(names, values_) for index, names, values_ in good if index not in bad]
            dml.insert_groups(session, table, grouped(kept))
    return _told(bad, 0 if skips else len(rows))


def _told(bad: dict[int, JSON], count: int) -> list[JSON]:
    """The errors, followed by the rows that were not inserted because of them."""
    stopped = {"reason": "stopped", "location": "", "message": ""}
    errors = [{"index": index, "errors": [error]} for index, error in bad.items()]
    return errors + [{"index": index, "errors": [stopped]} for index in range(count) if bad and index not in bad]
