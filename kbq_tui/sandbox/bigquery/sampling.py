"""``TABLESAMPLE SYSTEM (n PERCENT)``: a random choice of a table's blocks, each with all its rows.

https://cloud.google.com/bigquery/docs/table-sampling
"""

import math
import random

from sqlglot import exp

from kbq_tui.sandbox.bigquery import refusals
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.resources import Table

BLOCK = 100_000
"""Rows in a block. BigQuery's blocks are about a gigabyte; a table of one block is always read as a whole."""


def percent(node: exp.Table) -> float | None:
    """The percentage of a table to read; None for the whole table.

    Raises:
        ApiError: it is not a sample by ``SYSTEM``, or not a percentage.
    """
    sample = node.args.get("sample")
    if sample is None:
        return None
    method = sample.args.get("method")
    if method is None or method.name.upper() != "SYSTEM":
        raise refusals.invalid_query("Only TABLESAMPLE SYSTEM is supported")
    amount = sample.args.get("percent")
    try:
        share = float(amount.unnest().name if not isinstance(amount, exp.Cast) else amount.this.name)
    except (AttributeError, ValueError) as error:
        raise refusals.invalid_query("TABLESAMPLE expects a percentage, as in SYSTEM (10 PERCENT)") from error
    if not 0 <= share <= 100:
        raise refusals.invalid_query("Percentage value must be between 0 and 100")
    return share


def blocks(session: QuerySession, table: Table, node: exp.Table) -> str | None:
    """A condition for DuckDB's WHERE for the rows of a sample; None if no sample is asked for.

    Raises:
        ApiError: as `percent`.
    """
    share = percent(node)
    if share is None:
        return None
    if share == 0:
        return "FALSE"
    count = max(1, math.ceil(session.engine.count(table) / BLOCK))
    chosen = random.sample(range(count), max(1, round(count * share / 100)))
    return f"(rowid // {BLOCK}) IN ({', '.join(map(str, sorted(chosen)))})"


def refuse(node: exp.Table) -> None:
    """Refuse to sample anything but a table.

    Raises:
        ApiError: a sample is asked for.
    """
    if node.args.get("sample") is not None:
        raise refusals.invalid_query("TABLESAMPLE SYSTEM can only be applied directly to tables")
