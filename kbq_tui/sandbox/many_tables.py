"""A dataset with thousands of tables and views, whose rows are made when they are first read."""

from kbq_tui.sandbox.bigquery import fields
from kbq_tui.sandbox.resources import Dataset, Table
from kbq_tui.sandbox.world import World

_DAY_MS = 86_400_000
# kind -> columns, and DuckDB's query of the rows
_KINDS = {
    "customers": (
        "customer_id STRING, email STRING, first_name STRING, country STRING, accepts_marketing BOOL, "
        "updated_at TIMESTAMP",
        "SELECT concat('C-', n), concat('shopper', n, '@mail.example'), concat('Name', n % 30), 'DE', n % 2 = 0, "
        "now() - to_hours(n) FROM range(1, 41) AS t(n)",
    ),
    "orders": (
        "order_id STRING, email STRING, metric STRING, value NUMERIC, currency STRING, ordered_at TIMESTAMP, "
        "loaded_at TIMESTAMP",
        "SELECT concat('O-', n), concat('shopper', n % 40, '@mail.example'), 'Placed Order', 20 + n, 'EUR', "
        "now() - to_hours(n + 2), now() - to_hours(n + 1) FROM range(1, 81) AS t(n)",
    ),
    "products": (
        "product_id STRING, title STRING, price NUMERIC, currency STRING, updated_at TIMESTAMP",
        "SELECT concat('P-', n), concat('Product ', n), 9.9 + n, 'EUR', now() - to_hours(n) FROM range(1, 21) AS t(n)",
    ),
}
_LARGE = "event_id INT64, email STRING, occurred_at TIMESTAMP, loaded_at TIMESTAMP"
# DuckDB stores strings of up to twelve characters inline, so these addresses take no additional memory. There are
# 200,000 different events, each of them many times: counting millions of different values needs more memory than the
# engine may use.
_LARGE_ROWS = (
    "SELECT n % 200000, printf('%05x@m.test', n % 200000), now() - to_seconds(n % 200000 + 3600), "
    "now() - to_seconds(n % 200000) FROM range({rows}) AS t(n)"
)


def make(world: World, dataset: Dataset, count: int, rows: int) -> None:
    """Adds tables and views to a dataset, as a warehouse with many shops would have: every third is a view.

    Args:
        world: the world.
        dataset: the dataset.
        count: the number of tables and views.
        rows: the number of rows of the first table, which is the large one.
    """
    kinds = list(_KINDS)
    for number in range(count):
        kind = kinds[number // 3 % len(kinds)]
        columns, query = _KINDS[kind]
        name = f"{kind}_{2000 + number // 600}_{number:05d}"
        if number == 0:
            name, columns, query = "events", _LARGE, _LARGE_ROWS.format(rows=rows)
        created = world.now_ms() - (number % 900 + 1) * _DAY_MS
        table = Table(dataset.project_id, dataset.dataset_id, name, created_ms=created, schema=fields.columns(columns))
        if number % 3 == 2:
            before = list(dataset.tables)[-1]
            table.kind = "VIEW"
            table.view_query = f"SELECT * FROM `{dataset.project_id}.{dataset.dataset_id}.{before}`"  # noqa: S608
        else:
            table.rows_sql = query
        world.touch(table)
        dataset.tables[name] = table
