"""What a query is billed for, and ``maximumBytesBilled``.

https://cloud.google.com/bigquery/pricing#on_demand_pricing: charges are rounded up to the nearest MB, with a minimum of
10 MB of each table that a query reads.
"""

from kbq_tui.sandbox.bigquery import refusals
from kbq_tui.sandbox.bigquery.names import QuerySession

_MB = 1024 * 1024
_LEAST = 10 * _MB


def billed(sizes: list[tuple[int, int]]) -> int:
    """Bytes that are billed for reading tables, given as (rows, bytes) of each."""
    return sum(max(_LEAST, -(-size // _MB) * _MB) for _, size in sizes if size)


def check(session: QuerySession, sizes: list[tuple[int, int]]) -> None:
    """Refuse a query that would be billed for more than its limit. A dry run is not billed.

    Raises:
        ApiError: the limit is exceeded.
    """
    limit = session.maximum_bytes_billed
    needed = billed(sizes)
    if limit is not None and needed > limit and not session.dry_run:
        raise refusals.bytes_billed(limit, needed)
